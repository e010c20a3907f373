"""The words that publications are searched by."""

from sqlalchemy import ForeignKey, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db


class PublicationText(db.Model):
    """The stems of a publication's words, with a space between. The migrations put an index of words beside it: FTS5
    of SQLite, kept by triggers, or a GIN index of PostgreSQL."""

    __tablename__ = "publication_texts"

    publication_id: Mapped[int] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str] = mapped_column(Text)
