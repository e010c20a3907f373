"""The forum and the working groups: rubrics, topics, messages with files, what people have read, requests."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
FTS5 = (
    "CREATE VIRTUAL TABLE message_words USING fts5(words, content='message_texts', "
    "content_rowid='message_id', tokenize='unicode61')",
    "CREATE TRIGGER message_texts_added AFTER INSERT ON message_texts BEGIN "
    "INSERT INTO message_words(rowid, words) VALUES (new.message_id, new.words); END",
    "CREATE TRIGGER message_texts_removed AFTER DELETE ON message_texts BEGIN "
    "INSERT INTO message_words(message_words, rowid, words) VALUES ('delete', old.message_id, old.words); END",
    "CREATE TRIGGER message_texts_changed AFTER UPDATE ON message_texts BEGIN "
    "INSERT INTO message_words(message_words, rowid, words) VALUES ('delete', old.message_id, old.words); "
    "INSERT INTO message_words(rowid, words) VALUES (new.message_id, new.words); END",
)
GIN = "CREATE INDEX ix_message_texts_words ON message_texts USING gin (to_tsvector('simple', words))"


def upgrade():
    make_groups()
    make_categories()
    make_topics()
    make_messages()
    make_words()
    make_cursors()
    make_requests()
    make_departures()
    join_files()
    mark_deliveries()
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.add_column(sa.Column("follows_own_topics", sa.Boolean(), nullable=False, server_default=sa.true()))
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("follows_own_topics", existing_type=sa.Boolean(), server_default=None)


def foreign_key(table, column, target, ondelete="CASCADE"):
    """Return the foreign key of one column, under the name that the models give it."""
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def make_groups():
    with op.batch_alter_table("groups") as table:
        table.add_column(sa.Column("purpose", sa.Text(), nullable=False, server_default=""))
        table.add_column(sa.Column("territory_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("archived_at", INSTANT, nullable=True))
        name = op.f("fk_groups_territory_id_territories")
        table.create_foreign_key(name, "territories", ["territory_id"], ["id"], ondelete="SET NULL")
    with op.batch_alter_table("groups") as table:
        table.alter_column("purpose", existing_type=sa.Text(), server_default=None)
    op.create_index("ix_groups_territory_id", "groups", ["territory_id"])


def make_categories():
    op.create_table(
        "categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=90), nullable=True),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=300), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        foreign_key("categories", "group_id", "groups"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_categories")),
        sa.UniqueConstraint("slug", name=op.f("uq_categories_slug")),
        sa.UniqueConstraint("group_id", name=op.f("uq_categories_group_id")),
    )
    op.execute(  # each group has its place to discuss
        "INSERT INTO categories (name, description, position, group_id) SELECT 'Discussions', '', 0, id FROM groups"
    )


def make_topics():
    op.create_table(
        "topics",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("title", sa.String(length=150), nullable=False),
        sa.Column("slug", sa.String(length=90), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.Column("is_pinned", sa.Boolean(), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("answer_number", sa.Integer(), nullable=True),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.Column("hidden_at", INSTANT, nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=False),
        foreign_key("topics", "category_id", "categories"),
        foreign_key("topics", "author_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_topics")),
        sa.UniqueConstraint("key", name=op.f("uq_topics_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_topics_category_id", "topics", ["category_id", "is_pinned", "last_at", "id"])
    op.create_index("ix_topics_author_id", "topics", ["author_id"])


def make_messages():
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("topic_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("opening", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("edited_at", INSTANT, nullable=True),
        sa.Column("has_files", sa.Boolean(), nullable=False),
        sa.Column("has_cards", sa.Boolean(), nullable=False),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.Column("hidden_at", INSTANT, nullable=True),
        sa.Column("hidden_reason", sa.Text(), nullable=False),
        foreign_key("messages", "topic_id", "topics"),
        foreign_key("messages", "author_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
        sa.UniqueConstraint("topic_id", "number", name=op.f("uq_messages_topic_id")),
        sqlite_autoincrement=True,
    )
    for column in ("author_id", "removed_at"):
        op.create_index(f"ix_messages_{column}", "messages", [column])
    op.create_table(
        "message_links",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        foreign_key("message_links", "message_id", "messages"),
        foreign_key("message_links", "publication_id", "publications"),
        sa.PrimaryKeyConstraint("message_id", "publication_id", name=op.f("pk_message_links")),
    )
    op.create_index("ix_message_links_publication_id", "message_links", ["publication_id"])


def make_words():
    op.create_table(
        "message_texts",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        foreign_key("message_texts", "message_id", "messages"),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_texts")),
    )
    for statement in FTS5 if op.get_bind().dialect.name == "sqlite" else (GIN,):
        op.execute(statement)


def make_cursors():
    for name, of, column in (
        ("topic_cursors", "topics", sa.Column("number", sa.Integer(), nullable=False)),
        ("category_cursors", "categories", sa.Column("read_at", INSTANT, nullable=True)),
    ):
        key = "topic_id" if of == "topics" else "category_id"
        op.create_table(
            name,
            sa.Column("user_id", sa.Integer(), nullable=False),
            sa.Column(key, sa.Integer(), nullable=False),
            column,
            sa.Column("is_followed", sa.Boolean(), nullable=True),
            foreign_key(name, "user_id", "users"),
            foreign_key(name, key, of),
            sa.PrimaryKeyConstraint("user_id", key, name=op.f(f"pk_{name}")),
        )
        op.create_index(f"ix_{name}_{key}", name, [key])


def make_requests():
    op.create_table(
        "group_requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("decided_at", INSTANT, nullable=True),
        sa.Column("group_id", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        foreign_key("group_requests", "author_id", "users", "SET NULL"),
        foreign_key("group_requests", "territory_id", "territories", "SET NULL"),
        foreign_key("group_requests", "group_id", "groups", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_group_requests")),
        sa.UniqueConstraint("key", name=op.f("uq_group_requests_key")),
    )
    for column in ("author_id", "territory_id", "group_id"):
        op.create_index(f"ix_group_requests_{column}", "group_requests", [column])
    op.create_table(
        "group_request_councils",
        sa.Column("request_id", sa.Integer(), nullable=False),
        sa.Column("council_id", sa.Integer(), nullable=False),
        foreign_key("group_request_councils", "request_id", "group_requests"),
        foreign_key("group_request_councils", "council_id", "councils"),
        sa.PrimaryKeyConstraint("request_id", "council_id", name=op.f("pk_group_request_councils")),
    )
    op.create_index("ix_group_request_councils_council_id", "group_request_councils", ["council_id"])


def make_departures():
    op.create_table(
        "departures",
        sa.Column("group_id", sa.Integer(), nullable=False),
        sa.Column("council_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("left_at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("unshared", sa.JSON(), nullable=True),
        foreign_key("departures", "group_id", "groups"),
        foreign_key("departures", "council_id", "councils"),
        foreign_key("departures", "user_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("group_id", "council_id", name=op.f("pk_departures")),
    )
    for column in ("user_id", "council_id"):
        op.create_index(f"ix_departures_{column}", "departures", [column])


def join_files():
    """A file is joined to a publication, or comes with the form of a message."""
    with op.batch_alter_table("attachments") as table:
        table.alter_column("publication_id", existing_type=sa.Integer(), nullable=True)
        table.add_column(sa.Column("message_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("form_key", sa.String(length=32), nullable=True))
        table.add_column(sa.Column("council_id", sa.Integer(), nullable=True))
        for column, target, ondelete in (("message_id", "messages", "CASCADE"), ("council_id", "councils", "SET NULL")):
            name = op.f(f"fk_attachments_{column}_{target}")
            table.create_foreign_key(name, target, [column], ["id"], ondelete=ondelete)
        is_one = "(publication_id IS NULL) != (form_key IS NULL)"
        table.create_check_constraint(op.f("ck_attachments_one_place"), is_one)
    for column in ("message_id", "form_key", "council_id"):
        op.create_index(f"ix_attachments_{column}", "attachments", [column])


def mark_deliveries():
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("message_id", sa.Integer(), nullable=True))
        name = op.f("fk_deliveries_message_id_messages")
        table.create_foreign_key(name, "messages", ["message_id"], ["id"], ondelete="SET NULL")
    is_told = sa.text("message_id IS NOT NULL")
    where = {"sqlite_where": is_told, "postgresql_where": is_told}
    op.create_index("ix_deliveries_message_id", "deliveries", ["message_id"], **where)


def forget_what_is_told():
    """Delete what the former program has no rule for, and what waits that it would send without asking who may still
    read it."""
    verbs = "(SELECT id FROM activities WHERE verb = 'message.posted' OR verb LIKE 'group.%')"
    op.execute("DELETE FROM deliveries WHERE state = 'waiting' AND kind IN ('discussion', 'group')")
    op.execute(f"UPDATE deliveries SET activity_id = NULL WHERE activity_id IN {verbs}")  # noqa: S608 - names of ours
    op.execute(f"DELETE FROM activities WHERE id IN {verbs}")  # noqa: S608


def downgrade():
    forget_what_is_told()
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.drop_column("follows_own_topics")
    op.drop_index("ix_deliveries_message_id", "deliveries")
    with op.batch_alter_table("deliveries") as table:
        table.drop_constraint(op.f("fk_deliveries_message_id_messages"), type_="foreignkey")
        table.drop_column("message_id")
    op.execute("DELETE FROM attachments WHERE publication_id IS NULL")  # their contents are found and deleted later
    for column in ("message_id", "form_key", "council_id"):
        op.drop_index(f"ix_attachments_{column}", "attachments")
    with op.batch_alter_table("attachments") as table:
        table.drop_constraint(op.f("ck_attachments_one_place"), type_="check")
        for column, target in (("message_id", "messages"), ("council_id", "councils")):
            table.drop_constraint(op.f(f"fk_attachments_{column}_{target}"), type_="foreignkey")
            table.drop_column(column)
        table.drop_column("form_key")
        table.alter_column("publication_id", existing_type=sa.Integer(), nullable=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE message_words")
    for table in (
        "departures", "group_request_councils", "group_requests", "category_cursors", "topic_cursors", "message_texts",
        "message_links", "messages", "topics", "categories",
    ):  # fmt: skip
        op.drop_table(table)
    op.drop_index("ix_groups_territory_id", "groups")
    with op.batch_alter_table("groups") as table:
        table.drop_constraint(op.f("fk_groups_territory_id_territories"), type_="foreignkey")
        for column in ("purpose", "territory_id", "archived_at"):
            table.drop_column(column)
