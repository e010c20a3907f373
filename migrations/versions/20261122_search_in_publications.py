"""The words that publications are searched by, and the index of words of each database."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# FTS5 reads the words in the table itself, and the triggers tell it what changes there.
FTS5 = (
    "CREATE VIRTUAL TABLE publication_words USING fts5(words, content='publication_texts', "
    "content_rowid='publication_id', tokenize='unicode61')",
    "CREATE TRIGGER publication_texts_added AFTER INSERT ON publication_texts BEGIN "
    "INSERT INTO publication_words(rowid, words) VALUES (new.publication_id, new.words); END",
    "CREATE TRIGGER publication_texts_removed AFTER DELETE ON publication_texts BEGIN "
    "INSERT INTO publication_words(publication_words, rowid, words) "
    "VALUES ('delete', old.publication_id, old.words); END",
    "CREATE TRIGGER publication_texts_changed AFTER UPDATE ON publication_texts BEGIN "
    "INSERT INTO publication_words(publication_words, rowid, words) "
    "VALUES ('delete', old.publication_id, old.words); "
    "INSERT INTO publication_words(rowid, words) VALUES (new.publication_id, new.words); END",
)
GIN = "CREATE INDEX ix_publication_texts_words ON publication_texts USING gin (to_tsvector('simple', words))"


def upgrade():
    op.create_table(
        "publication_texts",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["publication_id"],
            ["publications.id"],
            name=op.f("fk_publication_texts_publication_id_publications"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("publication_id", name=op.f("pk_publication_texts")),
    )
    for statement in FTS5 if op.get_bind().dialect.name == "sqlite" else (GIN,):
        op.execute(statement)


def downgrade():
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE publication_words")
    op.drop_table("publication_texts")
