"""Events people come to: registrations, reminders, the day of an event, digests, and events of no council."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def event_columns():
    """Return the new columns of events, each time anew: a column belongs to one table."""
    return (
        sa.Column("day", sa.Date(), nullable=True),
        sa.Column("territory_id", sa.Integer(), nullable=True),
        sa.Column("cancelled_at", INSTANT, nullable=True),
        sa.Column("cancelled_reason", sa.Text(), nullable=False, server_default=""),
        sa.Column("follows_id", sa.Integer(), nullable=True),
        sa.Column("remind_at", INSTANT, nullable=True),
        sa.Column("takes_registrations", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("seats", sa.Integer(), nullable=True),
        sa.Column("register_until", INSTANT, nullable=True),
        sa.Column("admission", sa.String(length=8), nullable=True),
        sa.Column("questions", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("own_question", sa.String(length=200), nullable=False, server_default=""),
    )


EVENT_INDEXES = (
    ("ix_events_ends_at", ["ends_at", "starts_at"]),
    ("ix_events_day", ["day", "starts_at"]),
    ("ix_events_territory_id", ["territory_id"]),
    ("ix_events_follows_id", ["follows_id"]),
)


def user_columns():
    """Return the new columns of users."""
    return (
        sa.Column("digest_at", INSTANT, nullable=True),
        sa.Column("daily_until", INSTANT, nullable=True),
        sa.Column("weekly_until", INSTANT, nullable=True),
        sa.Column("agenda_key", sa.String(length=32), nullable=True),
    )


def key(table, column, target, ondelete):
    """Return the foreign key of one column, under the name that the models give it."""
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def where(condition):
    """Return the arguments of an index of some rows only."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade():
    with op.batch_alter_table("publications", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("council_id", existing_type=sa.Integer(), nullable=True)
    widen_events()
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as table:
        for column in user_columns():
            table.add_column(column)
    op.create_index("ix_users_digest_at", "users", ["digest_at"])
    op.create_index("ix_users_agenda_key", "users", ["agenda_key"], unique=True)
    op.add_column("alert_choices", sa.Column("told_until", INSTANT, nullable=True))
    with op.batch_alter_table("activities") as table:
        table.add_column(sa.Column("data", sa.JSON(), nullable=True))
    op.create_index("ix_activities_subject_id", "activities", ["subject_id", "subject_type"])
    op.create_index("ix_activities_created_at", "activities", ["created_at"])
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("person_id", sa.Integer(), nullable=True))
        table.add_column(sa.Column("publication_id", sa.Integer(), nullable=True))
        for column, target in (("person_id", "users"), ("publication_id", "publications")):
            name = op.f(f"fk_deliveries_{column}_{target}")
            table.create_foreign_key(name, target, [column], ["id"], ondelete="SET NULL")
    op.create_index("ix_deliveries_person_id", "deliveries", ["person_id"])
    op.create_index(
        "ix_deliveries_publication_id", "deliveries", ["publication_id"], **where("publication_id IS NOT NULL")
    )
    make_registrations()
    op.create_table(
        "readings",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        key("readings", "user_id", "users", "CASCADE"),
        key("readings", "publication_id", "publications", "CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "publication_id", name=op.f("pk_readings")),
    )
    op.create_index("ix_readings_publication_id", "readings", ["publication_id"])
    op.create_index("ix_readings_read_at", "readings", ["read_at"])


def widen_events():
    with op.batch_alter_table("events") as table:
        for column in event_columns():
            table.add_column(column)
        table.create_foreign_key(
            op.f("fk_events_territory_id_territories"), "territories", ["territory_id"], ["id"], ondelete="SET NULL"
        )
        table.create_foreign_key(
            op.f("fk_events_follows_id_events"), "events", ["follows_id"], ["id"], ondelete="SET NULL"
        )
    with op.batch_alter_table("events") as table:
        for column in event_columns():
            if column.server_default is not None:
                table.alter_column(column.name, existing_type=column.type, existing_nullable=False, server_default=None)
    for name, columns in EVENT_INDEXES:
        op.create_index(name, "events", columns)
    for name in ("remind_at", "register_until"):
        op.create_index(f"ix_events_{name}", "events", [name], **where(f"{name} IS NOT NULL"))
    fill_days()


def fill_days():
    """Note the calendar day of the events that are there; reminders begin with those written from now on."""
    names = ("id", "starts_at", "time_zone", "day")
    events = sa.table("events", *(sa.column(name) for name in names))
    events.c.starts_at.type, events.c.day.type = INSTANT, sa.Date()
    link = op.get_bind()
    rows = link.execute(sa.select(events).where(events.c.starts_at.is_not(None))).all()
    for row in rows:
        starts_at = row.starts_at if isinstance(row.starts_at, datetime) else datetime.fromisoformat(row.starts_at)
        starts_at = starts_at if starts_at.tzinfo else starts_at.replace(tzinfo=UTC)
        day = starts_at.astimezone(ZoneInfo(row.time_zone)).date()
        link.execute(sa.update(events).where(events.c.id == row.id).values(day=day))


def make_registrations():
    op.create_table(
        "registrations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("event_id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=260), nullable=False),
        sa.Column("name", sa.String(length=170), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("placed_at", INSTANT, nullable=True),
        sa.Column("offered_until", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("code_expires_at", INSTANT, nullable=True),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("erased_at", INSTANT, nullable=True),
        key("registrations", "event_id", "events", "CASCADE"),
        key("registrations", "user_id", "users", "SET NULL"),
        key("registrations", "entered_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registrations")),
        sa.UniqueConstraint("event_id", "key", name=op.f("uq_registrations_event_id")),
    )
    op.create_index("ix_registrations_turn", "registrations", ["event_id", "status", "queued_at", "id"])
    op.create_index("ix_registrations_user_id", "registrations", ["user_id"])
    op.create_index("ix_registrations_entered_by_id", "registrations", ["entered_by_id"])
    for name, column, condition in (
        ("ix_registrations_offered_until", "offered_until", "offered_until IS NOT NULL"),
        ("ix_registrations_unconfirmed", "created_at", "status = 'unconfirmed'"),
    ):
        op.create_index(name, "registrations", [column], **where(condition))


def downgrade():
    op.drop_table("readings")
    op.drop_table("registrations")
    for name in ("ix_deliveries_publication_id", "ix_deliveries_person_id"):
        op.drop_index(name, "deliveries")
    with op.batch_alter_table("deliveries") as table:
        for column, target in (("person_id", "users"), ("publication_id", "publications")):
            table.drop_constraint(op.f(f"fk_deliveries_{column}_{target}"), type_="foreignkey")
            table.drop_column(column)
    for name in ("ix_activities_created_at", "ix_activities_subject_id"):
        op.drop_index(name, "activities")
    with op.batch_alter_table("activities") as table:
        table.drop_column("data")
    op.execute("ALTER TABLE alert_choices DROP COLUMN told_until")
    op.drop_index("ix_users_agenda_key", "users")
    op.drop_index("ix_users_digest_at", "users")
    with op.batch_alter_table("users", table_kwargs={"sqlite_autoincrement": True}) as table:
        for column in user_columns():
            table.drop_column(column.name)
    for name in ("remind_at", "register_until"):
        op.drop_index(f"ix_events_{name}", "events")
    for name, _ in EVENT_INDEXES:
        op.drop_index(name, "events")
    with op.batch_alter_table("events") as table:
        table.drop_constraint(op.f("fk_events_territory_id_territories"), type_="foreignkey")
        table.drop_constraint(op.f("fk_events_follows_id_events"), type_="foreignkey")
        for column in event_columns():
            table.drop_column(column.name)
    forget_events_of_no_council()
    with op.batch_alter_table("publications", table_kwargs={"sqlite_autoincrement": True}) as table:
        table.alter_column("council_id", existing_type=sa.Integer(), nullable=False)


def forget_events_of_no_council():
    """Delete what the former program does not know; while tables are rebuilt, SQLite deletes nothing with it."""
    theirs = "(SELECT id FROM publications WHERE council_id IS NULL)"
    for table in ("revisions", "attachments", "publication_themes", "publication_groups", "publication_texts"):
        op.execute(f"DELETE FROM {table} WHERE publication_id IN {theirs}")  # noqa: S608 - names of ours
    op.execute(f"DELETE FROM events WHERE id IN {theirs}")  # noqa: S608
    op.execute("DELETE FROM publications WHERE council_id IS NULL")
