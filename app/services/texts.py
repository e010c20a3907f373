"""Searching what councils share by its words."""

from app.models import Publication


def index(publication: Publication) -> None:
    """Write down the words that a publication is found by, in the transaction that changes it."""
