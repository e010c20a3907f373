"""Runs the migrations on the application's own engine."""

from alembic import context
from flask import current_app

db = current_app.extensions["migrate"].db
WORDS = ("publication_words", "ix_publication_texts_words", "message_words", "ix_message_texts_words")


def render_item(kind, item, autogen_context):
    """Write our instants as plain columns: a migration must not change when the application does."""
    return "sa.DateTime(timezone=True)" if kind == "type" and type(item).__name__ == "UTCDateTime" else False


def include_name(name, kind, parents):
    """Leave alone the indexes of words, which no model tells: they are made by the migrations only."""
    return not (name or "").startswith(WORDS)


def run_migrations_online():
    """Migrate in one transaction, with SQLite's foreign keys off while tables are rebuilt.

    A batch migration drops the old table: with foreign keys on, that silently deletes the rows that point to it.
    The switch does nothing inside a transaction, so it is thrown on the raw connection, before any statement.
    """
    with db.engine.connect() as connection:
        raw = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
        if raw:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                render_as_batch=True,
                transactional_ddl=True,  # true on SQLite too, now that its BEGIN is ours
                transaction_per_migration=False,
                render_item=render_item,
                include_name=include_name,
                compare_type=True,
            )
            with context.begin_transaction():
                context.run_migrations()
                if raw and (broken := raw.execute("PRAGMA foreign_key_check").fetchall()):
                    raise RuntimeError(f"the migration left rows without their parent: {broken[:5]}")
        finally:
            if raw:
                connection.rollback()
                raw.execute("PRAGMA foreign_keys=ON")


if context.is_offline_mode():
    raise SystemExit("Les migrations se font sur une base de données : flask db upgrade, sans --sql.")
run_migrations_online()
