"""Addresses in messages, which are written where no request says what the site is called."""

from functools import lru_cache

from flask import current_app


def site_address(endpoint: str, **values) -> str:
    """Return the address of a page with the site's own `BASE_URL`; it can be called in a job as in a request."""
    return current_app.config["BASE_URL"] + _path(endpoint, **values)


@lru_cache(2048)  # thousands of digests lead to the same pages
def _path(endpoint, **values):
    return current_app.url_map.bind("").build(endpoint, values)
