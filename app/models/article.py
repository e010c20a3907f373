"""What the site itself publishes: news and resources, their series, and the actions that a call has gathered."""

from datetime import date, datetime

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, UniqueConstraint, inspect, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.extensions import db
from app.labels import PATH_OF_SHELF, ArticleKind, shelf_of
from app.localtime import today
from app.models.file import StoredFile
from app.models.publication import Publication, Theme
from app.models.stamp import ShownToVisitors
from app.models.territory import Territory
from app.models.types import UTCDateTime, utcnow
from app.models.user import User

STARTING = "start-"  # what the keys of the articles begin with that each site begins with

article_themes = Table(
    "article_themes",
    db.metadata,
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("theme_id", ForeignKey("themes.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_article_themes_theme_id", "theme_id"),
)

article_territories = Table(
    "article_territories",
    db.metadata,
    Column("article_id", ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("territory_id", ForeignKey("territories.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_article_territories_territory_id", "territory_id"),
)


class Series(ShownToVisitors, db.Model):
    """Articles that follow one another by number: « Les cahiers du citoyen »."""

    __tablename__ = "series"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(90), unique=True)
    name: Mapped[str] = mapped_column(String(120), unique=True)


class Article(ShownToVisitors, db.Model):
    """Something that the site publishes for everybody. An animator publishes it; a referent submits it to them.

    `published_at` is None for a draft, which may have a date to be published on (`publish_on`), and `slug` is its
    address from its publication on. `submitted_at`: a referent has asked for its publication; `returned_reason`: why
    an animator gave it back. From the day after `expires_on` it is in no list any more; its address still works.
    `key` is that of the form it came from. `version` counts the saves. `source` and `source_address`: who said it
    first, and where. `starts_on` and `ends_on`: the days of what it announces; of a call, `ends_on` is its deadline.
    Of its picture there is a light copy and a thumbnail, and `picture_words` says what it shows.
    """

    __tablename__ = "articles"
    __table_args__ = (
        UniqueConstraint("series_id", "episode"),
        Index("ix_articles_kind", "kind", "published_at", "id"),
        Index("ix_articles_published_at", "published_at", "id"),
        Index("ix_articles_author_id", "author_id"),
        Index(
            "ix_articles_publish_on",
            "publish_on",
            sqlite_where=text("publish_on IS NOT NULL"),
            postgresql_where=text("publish_on IS NOT NULL"),
        ),
        {"sqlite_autoincrement": True},  # an id that was something's stands in the journal
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(10), default=ArticleKind.NEWS)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    key: Mapped[str] = mapped_column(String(32), unique=True)
    version: Mapped[int] = mapped_column(default=1)

    title: Mapped[str] = mapped_column(String(200), default="")
    slug: Mapped[str | None] = mapped_column(String(90), unique=True)
    summary: Mapped[str] = mapped_column(String(400), default="")
    body: Mapped[str] = mapped_column(Text, default="")
    body_html: Mapped[str] = mapped_column(Text, default="")
    picture_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True)
    thumbnail_id: Mapped[int | None] = mapped_column(ForeignKey("stored_files.id"), index=True)
    picture_words: Mapped[str] = mapped_column(String(300), default="")
    series_id: Mapped[int | None] = mapped_column(ForeignKey("series.id", ondelete="SET NULL"))
    episode: Mapped[int | None]
    source: Mapped[str] = mapped_column(String(200), default="")
    source_address: Mapped[str] = mapped_column(String(500), default="")
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]
    place: Mapped[str] = mapped_column(String(200), default="")
    is_pinned: Mapped[bool] = mapped_column(default=False)
    expires_on: Mapped[date | None]

    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)
    submitted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    returned_reason: Mapped[str] = mapped_column(Text, default="")
    publish_on: Mapped[datetime | None] = mapped_column(UTCDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    hidden_reason: Mapped[str] = mapped_column(Text, default="")

    author: Mapped[User | None] = relationship()
    series: Mapped[Series | None] = relationship()
    picture: Mapped[StoredFile | None] = relationship(foreign_keys=picture_id)
    thumbnail: Mapped[StoredFile | None] = relationship(foreign_keys=thumbnail_id)
    themes: Mapped[list[Theme]] = relationship(secondary=article_themes, order_by=(Theme.position, Theme.id))
    territories: Mapped[list[Territory]] = relationship(
        secondary=article_territories, order_by=(Territory.name, Territory.code)
    )

    @property
    def name(self) -> str:
        """What it is called: its title, which a draft may not have yet."""
        return self.title or "Sans titre"

    @property
    def shelf(self) -> str:
        """The beginning of its address: « actualites » or « ressources »."""
        return PATH_OF_SHELF[shelf_of(self.kind)]

    @property
    def is_draft(self) -> bool:
        """Whether visitors do not see it yet."""
        return self.published_at is None

    @property
    def is_shown(self) -> bool:
        """Whether everybody reads it."""
        return not (self.is_draft or self.deleted_at or self.hidden_at)

    @property
    def is_expired(self) -> bool:
        """Whether its last day is over."""
        return self.expires_on is not None and self.expires_on < today()

    @property
    def is_over(self) -> bool:
        """Whether the last day of what it announces, or asks for, is past."""
        return self.ends_on is not None and self.ends_on < today()

    @property
    def concerns_visitors(self) -> bool:
        """Whether a page for visitors may have shown it, or may from now on."""
        return self.published_at is not None or inspect(self).attrs.published_at.history.has_changes()


class ArticleText(db.Model):
    """The stems of an article's words, with a space between. The migrations put an index of words beside it."""

    __tablename__ = "article_texts"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    words: Mapped[str] = mapped_column(Text)


class Contribution(ShownToVisitors, db.Model):
    """An action that a council sends in answer to a call (an article of that kind)."""

    __tablename__ = "contributions"

    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True)
    publication_id: Mapped[int] = mapped_column(
        ForeignKey("publications.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    sent_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"), index=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=utcnow)

    article: Mapped[Article] = relationship()
    publication: Mapped[Publication] = relationship()
