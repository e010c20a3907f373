"""Writing together: documents of several authors, compact versions, side versions, adopted texts, followers."""

import sqlalchemy as sa
from alembic import op

from app.packing import unpack

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def publication_columns():
    """Return the new columns of publications, each time anew: a column belongs to one table."""
    return (
        sa.Column("is_collaborative", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("groups_write", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("origins", sa.JSON(), nullable=True),
    )


def revision_columns():
    """Return the new columns of versions."""
    return (
        sa.Column("packed", sa.LargeBinary(), nullable=True),
        sa.Column("base_id", sa.Integer(), nullable=True),
        sa.Column("added", sa.Integer(), nullable=True),
        sa.Column("removed", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=64), nullable=True),
    )


def foreign_key(table, column, target, ondelete):
    """Return the foreign key of one column, under the name that the models give it."""
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def upgrade():
    with op.batch_alter_table("publications", table_kwargs={"sqlite_autoincrement": True}) as table:
        for column in publication_columns():
            table.add_column(column)
    with op.batch_alter_table("publications", table_kwargs={"sqlite_autoincrement": True}) as table:
        for column in publication_columns()[:2]:
            table.alter_column(column.name, existing_type=column.type, existing_nullable=False, server_default=None)
    with op.batch_alter_table("revisions") as table:
        for column in revision_columns():
            table.add_column(column)
        table.create_foreign_key(op.f("fk_revisions_base_id_revisions"), "revisions", ["base_id"], ["id"])
        table.create_unique_constraint(op.f("uq_revisions_publication_id_key"), ["publication_id", "key"])
    op.create_index("ix_revisions_base_id", "revisions", ["base_id"])
    make_presences()
    make_side_versions()
    make_adoptions()
    make_follows()


def make_presences():
    op.create_table(
        "presences",
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("part", sa.String(length=200), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        foreign_key("presences", "publication_id", "publications", "CASCADE"),
        foreign_key("presences", "user_id", "users", "CASCADE"),
        sa.PrimaryKeyConstraint("publication_id", "user_id", name=op.f("pk_presences")),
    )
    op.create_index("ix_presences_user_id", "presences", ["user_id"])
    op.create_index("ix_presences_seen_at", "presences", ["seen_at"])


def make_side_versions():
    op.create_table(
        "side_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("base_number", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=10), nullable=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("outcome", sa.String(length=10), nullable=True),
        sa.Column("settled_number", sa.Integer(), nullable=True),
        sa.Column("settles_id", sa.Integer(), nullable=True),
        foreign_key("side_versions", "publication_id", "publications", "CASCADE"),
        foreign_key("side_versions", "author_id", "users", "SET NULL"),
        foreign_key("side_versions", "closed_by_id", "users", "SET NULL"),
        foreign_key("side_versions", "settles_id", "side_versions", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_side_versions")),
        sa.UniqueConstraint("publication_id", "key", name=op.f("uq_side_versions_publication_id")),
    )
    for column in ("author_id", "closed_by_id", "closed_at", "settles_id"):
        op.create_index(f"ix_side_versions_{column}", "side_versions", [column])


def make_adoptions():
    op.create_table(
        "adoptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("adopted_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", INSTANT, nullable=False),
        sa.Column("adopted_by_id", sa.Integer(), nullable=True),
        sa.Column("lifted_at", INSTANT, nullable=True),
        sa.Column("lifted_by_id", sa.Integer(), nullable=True),
        foreign_key("adoptions", "publication_id", "publications", "CASCADE"),
        foreign_key("adoptions", "adopted_by_id", "users", "SET NULL"),
        foreign_key("adoptions", "lifted_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_adoptions")),
    )
    for column in ("publication_id", "adopted_by_id", "lifted_by_id"):
        op.create_index(f"ix_adoptions_{column}", "adoptions", [column])
    standing = sa.text("lifted_at IS NULL")
    op.create_index(
        "uq_adoptions_publication_id_standing", "adoptions", ["publication_id"], unique=True,
        sqlite_where=standing, postgresql_where=standing,
    )  # fmt: skip


def make_follows():
    op.create_table(
        "follows",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        foreign_key("follows", "user_id", "users", "CASCADE"),
        foreign_key("follows", "publication_id", "publications", "CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "publication_id", name=op.f("pk_follows")),
    )
    op.create_index("ix_follows_publication_id", "follows", ["publication_id"])


def downgrade():
    for table in ("follows", "adoptions", "side_versions", "presences"):
        op.drop_table(table)
    unpack_versions()
    forget_bursts()
    op.drop_index("ix_revisions_base_id", "revisions")
    with op.batch_alter_table("revisions") as table:
        table.drop_constraint(op.f("uq_revisions_publication_id_key"), type_="unique")
        table.drop_constraint(op.f("fk_revisions_base_id_revisions"), type_="foreignkey")
        for column in revision_columns():
            table.drop_column(column.name)
    with op.batch_alter_table("publications", table_kwargs={"sqlite_autoincrement": True}) as table:
        for column in publication_columns():
            table.drop_column(column.name)


def forget_bursts():
    """Delete what the former program has no rule for, and would never be done with."""
    bursts = "(SELECT id FROM activities WHERE verb = 'document.written')"
    op.execute(f"UPDATE deliveries SET activity_id = NULL WHERE activity_id IN {bursts}")  # noqa: S608 - a name of ours
    op.execute("DELETE FROM activities WHERE verb = 'document.written'")


def unpack_versions():
    """Write the texts that are kept apart back among the other fields, where the former program looks for them."""
    link = op.get_bind()
    names = ("id", "content", "packed", "base_id")
    versions = sa.table("revisions", *(sa.column(name) for name in names))
    versions.c.content.type, versions.c.packed.type = sa.JSON(), sa.LargeBinary()
    packed = sa.select(versions).where(versions.c.packed.is_not(None)).order_by(versions.c.id)
    whole = {}  # a version hangs on a former one that is whole: at most one for each document is needed at a time
    for row in link.execute(packed.execution_options(yield_per=100)):
        if row.base_id is not None and row.base_id not in whole:
            base = link.execute(sa.select(versions.c.packed).where(versions.c.id == row.base_id)).scalar_one()
            whole = {row.base_id: unpack(base)}
        text = unpack(row.packed, whole[row.base_id] if row.base_id else "")
        content = {**row.content, "description": text}
        link.execute(sa.update(versions).where(versions.c.id == row.id).values(content=content))
