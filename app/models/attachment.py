"""Files joined to what councils share, to articles and to messages."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.models.article import Article
from app.models.discussion import Message
from app.models.file import StoredFile
from app.models.publication import Publication
from app.models.stamp import ShownToVisitors
from app.models.types import UTCDateTime, only_one_of, utcnow
from app.models.user import User

MOST, MOST_OF_MESSAGE = 20, 5  # files of one publication, of one message


class Attachment(ShownToVisitors, db.Model):
    """A file of a publication, of an article, or of a message, as it was sent. Of an image there are a smaller copy
    and a thumbnail besides, and `alternative` says in words what it shows. `removed_at`: it waits with the
    publication's bin for its end. `form_key`: of a file that came with a message, the key of its form; without
    `message_id`, the message is not posted yet. The place it takes is its council's (`council_id`), which for a
    publication is not told twice."""

    __tablename__ = "attachments"
    __table_args__ = (
        CheckConstraint(only_one_of("publication_id", "article_id", "form_key"), name="one_place"),
        Index("ix_attachments_form_key", "form_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    publication_id: Mapped[int | None] = mapped_column(ForeignKey("publications.id", ondelete="CASCADE"), index=True)
    article_id: Mapped[int | None] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id", ondelete="CASCADE"), index=True)
    form_key: Mapped[str | None] = mapped_column(String(32))
    council_id: Mapped[int | None] = mapped_column(ForeignKey("councils.id", ondelete="SET NULL"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    is_minutes: Mapped[bool] = mapped_column(default=False)
    alternative: Mapped[str] = mapped_column(String(300), default="")
    file_id: Mapped[int] = mapped_column(ForeignKey("stored_files.id"), index=True)
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True)
    thumbnail_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    removed_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)

    publication: Mapped[Publication | None] = relationship()
    article: Mapped[Article | None] = relationship()
    message: Mapped[Message | None] = relationship()
    file: Mapped[StoredFile] = relationship(foreign_keys=file_id, lazy="joined", innerjoin=True)
    picture: Mapped[StoredFile | None] = relationship(foreign_keys=picture_id, lazy="joined")
    thumbnail: Mapped[StoredFile | None] = relationship(foreign_keys=thumbnail_id, lazy="joined")
    removed_by: Mapped[User | None] = relationship(foreign_keys=removed_by_id)

    @property
    def concerns_visitors(self) -> bool:
        """Whether a page for visitors may show it: messages have none."""
        return self.form_key is None
