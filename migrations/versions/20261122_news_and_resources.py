"""What the site itself publishes: articles, their series, words and files, and the actions that calls gather."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
FTS5 = (
    "CREATE VIRTUAL TABLE article_words USING fts5(words, content='article_texts', "
    "content_rowid='article_id', tokenize='unicode61')",
    "CREATE TRIGGER article_texts_added AFTER INSERT ON article_texts BEGIN "
    "INSERT INTO article_words(rowid, words) VALUES (new.article_id, new.words); END",
    "CREATE TRIGGER article_texts_removed AFTER DELETE ON article_texts BEGIN "
    "INSERT INTO article_words(article_words, rowid, words) VALUES ('delete', old.article_id, old.words); END",
    "CREATE TRIGGER article_texts_changed AFTER UPDATE ON article_texts BEGIN "
    "INSERT INTO article_words(article_words, rowid, words) VALUES ('delete', old.article_id, old.words); "
    "INSERT INTO article_words(rowid, words) VALUES (new.article_id, new.words); END",
)
GIN = "CREATE INDEX ix_article_texts_words ON article_texts USING gin (to_tsvector('simple', words))"
PLACES = {  # table, name of its constraint → the columns of which one has a value, before and after
    ("attachments", "ck_attachments_one_place"): (
        "(publication_id IS NULL) != (form_key IS NULL)", ("publication_id", "article_id", "form_key")
    ),
    ("revisions", "ck_revisions_one_subject"): (
        "(council_id IS NULL) <> (publication_id IS NULL)", ("council_id", "publication_id", "article_id")
    ),
}  # fmt: skip


def upgrade():
    make_articles()
    make_links()
    make_words()
    join_files_and_versions()


def foreign_key(table, column, target, ondelete="CASCADE"):
    """Return the foreign key of one column, under the name that the models give it."""
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def make_articles():
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=90), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("slug", name=op.f("uq_series_slug")),
        sa.UniqueConstraint("name", name=op.f("uq_series_name")),
    )
    op.create_table(
        "articles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("slug", sa.String(length=90), nullable=True),
        sa.Column("summary", sa.String(length=400), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("body_html", sa.Text(), nullable=False),
        sa.Column("picture_id", sa.Integer(), nullable=True),
        sa.Column("thumbnail_id", sa.Integer(), nullable=True),
        sa.Column("picture_words", sa.String(length=300), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("episode", sa.Integer(), nullable=True),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("source_address", sa.String(length=500), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("submitted_at", INSTANT, nullable=True),
        sa.Column("returned_reason", sa.Text(), nullable=False),
        sa.Column("publish_on", INSTANT, nullable=True),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.Column("edited_at", INSTANT, nullable=True),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.Column("hidden_at", INSTANT, nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=False),
        foreign_key("articles", "author_id", "users", "SET NULL"),
        foreign_key("articles", "picture_id", "stored_files", None),
        foreign_key("articles", "thumbnail_id", "stored_files", None),
        foreign_key("articles", "series_id", "series", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("key", name=op.f("uq_articles_key")),
        sa.UniqueConstraint("slug", name=op.f("uq_articles_slug")),
        sa.UniqueConstraint("series_id", "episode", name=op.f("uq_articles_series_id")),
        sqlite_autoincrement=True,
    )
    for column in ("author_id", "picture_id", "thumbnail_id"):
        op.create_index(f"ix_articles_{column}", "articles", [column])
    op.create_index("ix_articles_kind", "articles", ["kind", "published_at", "id"])
    op.create_index("ix_articles_published_at", "articles", ["published_at", "id"])
    waits = sa.text("publish_on IS NOT NULL")
    op.create_index("ix_articles_publish_on", "articles", ["publish_on"], sqlite_where=waits, postgresql_where=waits)


def make_links():
    for name, column, target in (
        ("article_themes", "theme_id", "themes"), ("article_territories", "territory_id", "territories"),
    ):  # fmt: skip
        op.create_table(
            name,
            sa.Column("article_id", sa.Integer(), nullable=False),
            sa.Column(column, sa.Integer(), nullable=False),
            foreign_key(name, "article_id", "articles"),
            foreign_key(name, column, target),
            sa.PrimaryKeyConstraint("article_id", column, name=op.f(f"pk_{name}")),
        )
        op.create_index(f"ix_{name}_{column}", name, [column])
    op.create_table(
        "contributions",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("sent_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        foreign_key("contributions", "article_id", "articles"),
        foreign_key("contributions", "publication_id", "publications"),
        foreign_key("contributions", "sent_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("article_id", "publication_id", name=op.f("pk_contributions")),
    )
    for column in ("publication_id", "sent_by_id"):
        op.create_index(f"ix_contributions_{column}", "contributions", [column])


def make_words():
    op.create_table(
        "article_texts",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        foreign_key("article_texts", "article_id", "articles"),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_article_texts")),
    )
    for statement in FTS5 if op.get_bind().dialect.name == "sqlite" else (GIN,):
        op.execute(statement)


def join_files_and_versions():
    """Files and versions belong to an article, too."""
    for (table, constraint), (_, columns) in PLACES.items():
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(constraint), type_="check")
            batch.add_column(sa.Column("article_id", sa.Integer(), nullable=True))
            name = op.f(f"fk_{table}_article_id_articles")
            batch.create_foreign_key(name, "articles", ["article_id"], ["id"], ondelete="CASCADE")
            filled = " + ".join(f"(CASE WHEN {column} IS NULL THEN 0 ELSE 1 END)" for column in columns)
            batch.create_check_constraint(op.f(constraint), f"{filled} = 1")
            if table == "revisions":
                batch.create_unique_constraint(op.f("uq_revisions_article_id"), ["article_id", "number"])
    op.create_index("ix_attachments_article_id", "attachments", ["article_id"])
    unsaved = sa.text("number IS NULL")
    op.create_index(
        "uq_revisions_article_id_unsaved", "revisions", ["article_id", "author_id"], unique=True,
        sqlite_where=unsaved, postgresql_where=unsaved,
    )  # fmt: skip


def downgrade():
    forget_what_is_told()
    op.drop_index("uq_revisions_article_id_unsaved", "revisions")
    op.drop_index("ix_attachments_article_id", "attachments")
    for (table, constraint), (former, _) in PLACES.items():
        op.execute(f"DELETE FROM {table} WHERE article_id IS NOT NULL")  # noqa: S608 - a name of ours
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(constraint), type_="check")
            if table == "revisions":
                batch.drop_constraint(op.f("uq_revisions_article_id"), type_="unique")
            batch.drop_constraint(op.f(f"fk_{table}_article_id_articles"), type_="foreignkey")
            batch.drop_column("article_id")
            batch.create_check_constraint(op.f(constraint), former)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE article_words")
    for table in ("article_texts", "contributions", "article_territories", "article_themes", "articles", "series"):
        op.drop_table(table)


def forget_what_is_told():
    """Delete what the former program has no rule for, and would never be done with."""
    verbs = "(SELECT id FROM activities WHERE verb LIKE 'article.%')"
    op.execute("DELETE FROM deliveries WHERE state = 'waiting' AND kind = 'article'")
    op.execute(f"UPDATE deliveries SET activity_id = NULL WHERE activity_id IN {verbs}")  # noqa: S608
    op.execute(f"DELETE FROM activities WHERE id IN {verbs}")  # noqa: S608
