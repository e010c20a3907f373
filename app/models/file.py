"""Files that people or the demo put on the site; their bytes lie in `app.storage`."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.extensions import db


class StoredFile(db.Model):
    """A stored content with the name and type it is served under. `size` in bytes, `width`, `height` in pixels: those
    of a picture that the site itself has made, and of nothing else."""

    __tablename__ = "stored_files"

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    width: Mapped[int | None]
    height: Mapped[int | None]
