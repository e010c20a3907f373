"""What a council shares: documents, actions and events, under one rule of visibility; their themes and folders."""

from datetime import datetime

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, inspect, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.labels import PATH_OF_KIND, PublicationKind, Visibility
from app.models.council import Council
from app.models.group import Group
from app.models.stamp import ShownToVisitors
from app.models.types import UTCDateTime, utcnow
from app.models.user import User

publication_themes = Table(
    "publication_themes",
    db.metadata,
    Column("publication_id", ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True),
    Column("theme_id", ForeignKey("themes.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_publication_themes_theme_id", "theme_id"),
)

publication_groups = Table(
    "publication_groups",
    db.metadata,
    Column("publication_id", ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True),
    Column("group_id", ForeignKey("groups.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_publication_groups_group_id", "group_id"),
)


class Theme(ShownToVisitors, db.Model):
    """What a thing is about; the same themes for the whole site."""

    __tablename__ = "themes"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(default=0)


class Folder(ShownToVisitors, db.Model):
    """A folder of a council, or a series: a folder whose items follow one another, the first published first."""

    __tablename__ = "folders"
    __table_args__ = (UniqueConstraint("council_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    council_id: Mapped[int] = mapped_column(ForeignKey("councils.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(120))
    is_series: Mapped[bool] = mapped_column(default=False)


class Publication(ShownToVisitors, db.Model):
    """Something that a council shares. A row of this table is a document; actions and events have a table more. Events
    alone may be of no council: then a referent or the animator announces them.

    `published_at` is None for a draft, which may have a date to be published on (`publish_on`). `key` is that of the
    form it came from: sent twice, a form makes one publication. `version` counts the saves, so that a form that
    started from an older state is noticed. `deleted_at`: in the council's bin; `withdrawn_at`: taken away with the
    account of its author; `hidden_at`: hidden by moderation, because of `hidden_reason`. `edited_at` is None until
    something changed after the publication.

    The description of a document that `is_collaborative` is written by all members of its council, and by those of its
    groups where they may (`groups_write`). `origins`: for each of its lines, the number of the version that brought it.
    """

    __tablename__ = "publications"
    __table_args__ = (
        Index("ix_publications_council_id", "council_id", "kind", "published_at"),
        Index("ix_publications_published_at", "published_at", "id"),
        Index("ix_publications_level", "level", "published_at", "id"),
        Index("ix_publications_author_id", "author_id"),
        Index("ix_publications_folder_id", "folder_id", "published_at"),
        Index(
            "ix_publications_publish_on",
            "publish_on",
            sqlite_where=text("publish_on IS NOT NULL"),
            postgresql_where=text("publish_on IS NOT NULL"),
        ),
        Index(
            "ix_publications_deleted_at",
            "deleted_at",
            sqlite_where=text("deleted_at IS NOT NULL"),
            postgresql_where=text("deleted_at IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},  # an id that was something's stands in links and in the journal
    )
    __mapper_args__ = {"polymorphic_on": "kind"}

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    council_id: Mapped[int | None] = mapped_column(ForeignKey("councils.id", ondelete="CASCADE"))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    key: Mapped[str] = mapped_column(String(32), unique=True)
    version: Mapped[int] = mapped_column(default=1)

    title: Mapped[str] = mapped_column(String(200), default="")
    slug: Mapped[str] = mapped_column(String(90), default="sans-titre")
    summary: Mapped[str] = mapped_column(String(400), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    description_html: Mapped[str] = mapped_column(Text, default="")
    level: Mapped[str] = mapped_column(String(8), default=Visibility.COUNCIL)
    folder_id: Mapped[int | None] = mapped_column(ForeignKey("folders.id", ondelete="SET NULL"))
    is_charter: Mapped[bool] = mapped_column(default=False)
    is_collaborative: Mapped[bool] = mapped_column(default=False)
    groups_write: Mapped[bool] = mapped_column(default=False)
    origins: Mapped[list | None] = mapped_column(JSON(none_as_null=True), deferred=True)

    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    publish_on: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deleted_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_reason: Mapped[str] = mapped_column(Text, default="")

    council: Mapped[Council | None] = relationship()
    author: Mapped[User | None] = relationship(foreign_keys=author_id)
    deleted_by: Mapped[User | None] = relationship(foreign_keys=deleted_by_id)
    folder: Mapped[Folder | None] = relationship()
    themes: Mapped[list[Theme]] = relationship(secondary=publication_themes, order_by=(Theme.position, Theme.id))
    groups: Mapped[list[Group]] = relationship(secondary=publication_groups, order_by=(Group.name, Group.id))

    @property
    def name(self) -> str:
        """What it is called: its title, which a draft may not have yet."""
        return self.title or "Sans titre"

    @property
    def source(self) -> str:
        """Whose it is, as lists say it: the name of its council."""
        return self.council.name

    @property
    def zone(self) -> str:
        """The time zone (its IANA name) of those who share it."""
        return self.council.zone

    @property
    def path(self) -> str:
        """The part of its address that tells the kind: « documents »."""
        return PATH_OF_KIND[self.kind]

    @property
    def is_draft(self) -> bool:
        """Whether nobody but its author sees it yet."""
        return self.published_at is None

    @property
    def is_gone(self) -> bool:
        """Whether it was taken away: into the bin, or with the account of its author."""
        return self.deleted_at is not None or self.withdrawn_at is not None

    @property
    def is_shown(self) -> bool:
        """Whether its readers see it: it is published, was not taken away, and nobody has hidden it."""
        return not (self.is_draft or self.is_gone or self.hidden_at)

    @property
    def concerns_visitors(self) -> bool:
        """Whether a page for visitors may have shown it, or may from now on."""
        return self.published_at is not None or inspect(self).attrs.published_at.history.has_changes()


class Document(Publication):
    """A text with files: minutes, a charter, a study."""

    __mapper_args__ = {"polymorphic_identity": PublicationKind.DOCUMENT}
