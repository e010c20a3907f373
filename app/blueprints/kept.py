"""Pages that are the same for all visitors: told apart by a version, and kept ready to be sent again."""

import hashlib
from dataclasses import dataclass
from functools import wraps
from threading import Lock

from cachetools import LRUCache
from flask import Flask, Response, current_app, make_response, request

from app.blueprints.web import PUBLIC, assets, is_logged_in, without_images
from app.localtime import today
from app.models.stamp import PAGES, read_stamp

LONGEST = 200  # characters: a longer address is answered, not kept


@dataclass(frozen=True)
class Kept:
    """A page as it was sent, compressed, with its headers."""

    version: str
    body: bytes
    headers: tuple[tuple[str, str], ...]


class PageStore:
    """The finished pages of this process, the least used leaving first. `size` in bytes."""

    def __init__(self, size: int):
        self._pages = LRUCache(size, getsizeof=lambda kept: len(kept.body) + 600)
        self._lock = Lock()

    def get(self, key) -> Kept | None:
        """Return the page that was kept under `key`, of whatever version."""
        with self._lock:
            return self._pages.get(key)

    def put(self, key, kept: Kept) -> None:
        """Keep a page, unless it is so large that it would drive out many others."""
        if len(kept.body) < self._pages.maxsize // 8:
            with self._lock:
                self._pages[key] = kept

    def __len__(self) -> int:
        return len(self._pages)

    def clear(self) -> None:
        """Forget all pages."""
        with self._lock:
            self._pages.clear()


def public_page(view):
    """Decorate a view whose page is the same for all visitors: ETag, 304, and a copy kept until something changes.

    The version of a page is that of everything visitors see (a stamp renewed in the transaction of each change), of
    the program and of its settings, so that one short query answers most visits; and the day (of Paris), because
    events and calls become past by themselves. Somebody who is logged in gets a page of their own, with their bar on
    top, which nobody keeps.
    """

    @wraps(view)
    def wrapper(**values):
        if is_logged_in():
            return view(**values)
        # The stamp is read before the page's rows: a change meanwhile makes the copy too old, never too new.
        page = (request.path, request.query_string, without_images())
        version = f"{public_version()}.{today():%y%j}.{hashlib.sha256(repr(page).encode()).hexdigest()[:8]}"
        if version in request.if_none_match.as_set(include_weak=True):
            return _share(Response(status=304), version)
        key = (*page, _codings())
        kept = _store().get(key)
        if kept and kept.version == version:
            return Response(kept.body, headers=kept.headers)
        request.environ[PUBLIC] = (key, version)
        response = make_response(view(**values))
        return _share(response, version) if response.status_code == 200 else response

    return wrapper


def public_version() -> str:
    """Return the present version of everything that visitors see."""
    return f"{assets().build}.{read_stamp(PAGES)}"


def _codings():
    """Return the codings of ours that this browser takes: each of them makes another copy."""
    return tuple(request.accept_encodings.quality(coding) for coding in current_app.config["COMPRESS_ALGORITHM"])


def _share(response, version):
    response.set_etag(version, weak=True)
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


def _store():
    return current_app.extensions["kept_pages"]


def _keep(response):
    if PUBLIC in request.environ and response.status_code == 200 and request.method == "GET":
        key, version = request.environ[PUBLIC]
        if len(key[0]) + len(key[1]) <= LONGEST and not response.is_streamed:
            _store().put(key, Kept(version, response.get_data(), tuple(response.headers.items())))
    return response


def init_app(app: Flask) -> None:
    """Keep pages from now on. Set up first: what is registered first sees an answer last, whole and compressed."""
    app.extensions["kept_pages"] = PageStore(app.config["PAGE_CACHE_MB"] * 2**20)
    app.after_request(_keep)
