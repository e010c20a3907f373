"""The monthly letter: its issues, who asked for it without an account, and the choices of the animator."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade():
    make_issues()
    make_items()
    op.create_table(
        "subscribers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.CheckConstraint("address <> ''", name=op.f("ck_subscribers_some_address")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscribers")),
        sa.UniqueConstraint("address", name=op.f("uq_subscribers_address")),
    )
    op.create_table(
        "settings",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    mark_deliveries()


def foreign_key(table, column, target, ondelete="CASCADE"):
    """Return the foreign key of one column, under the name that the models give it."""
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def make_issues():
    op.create_table(
        "newsletter_issues",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("subject", sa.String(length=78), nullable=False),
        sa.Column("introduction", sa.Text(), nullable=False),
        sa.Column("introduction_html", sa.Text(), nullable=False),
        sa.Column("sections", sa.JSON(), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("recalled_at", INSTANT, nullable=True),
        sa.Column("send_at", INSTANT, nullable=True),
        sa.Column("decided_by_id", sa.Integer(), nullable=True),
        sa.Column("content", sa.JSON(), nullable=True),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("prepared_at", INSTANT, nullable=True),
        sa.Column("ended_at", INSTANT, nullable=True),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("unwanted", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Integer(), nullable=False),
        foreign_key("newsletter_issues", "decided_by_id", "users", "SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newsletter_issues")),
        sa.UniqueConstraint("month", name=op.f("uq_newsletter_issues_month")),
    )
    op.create_index("ix_newsletter_issues_decided_by_id", "newsletter_issues", ["decided_by_id"])


def make_items():
    op.create_table(
        "newsletter_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("issue_id", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=10), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_dropped", sa.Boolean(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("publication_id", sa.Integer(), nullable=True),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.String(length=300), nullable=False),
        sa.Column("address", sa.String(length=500), nullable=False),
        foreign_key("newsletter_items", "issue_id", "newsletter_issues"),
        foreign_key("newsletter_items", "article_id", "articles"),
        foreign_key("newsletter_items", "publication_id", "publications"),
        sa.CheckConstraint(
            "article_id IS NULL OR publication_id IS NULL", name=op.f("ck_newsletter_items_one_subject")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_newsletter_items")),
    )
    for column in ("issue_id", "article_id", "publication_id"):
        op.create_index(f"ix_newsletter_items_{column}", "newsletter_items", [column])


def mark_deliveries():
    with op.batch_alter_table("deliveries") as table:
        table.add_column(sa.Column("issue_id", sa.Integer(), nullable=True))
        name = op.f("fk_deliveries_issue_id_newsletter_issues")
        table.create_foreign_key(name, "newsletter_issues", ["issue_id"], ["id"], ondelete="SET NULL")
    is_letter = sa.text("issue_id IS NOT NULL")
    where = {"sqlite_where": is_letter, "postgresql_where": is_letter}
    op.create_index("ix_deliveries_issue_id", "deliveries", ["issue_id", "state"], **where)


def downgrade():
    # The former program has no text for them, and no rule for what is told of drafts.
    op.execute("DELETE FROM deliveries WHERE issue_id IS NOT NULL AND state IN ('waiting', 'claimed')")
    op.execute("DELETE FROM deliveries WHERE kind = 'issue' AND state IN ('waiting', 'claimed')")
    op.execute(
        "DELETE FROM activities "
        "WHERE verb IN ('issue.drafted', 'issue.recalled', 'issue.unfit') AND dispatched_at IS NULL"
    )
    op.drop_index("ix_deliveries_issue_id", "deliveries")
    with op.batch_alter_table("deliveries") as table:
        table.drop_constraint(op.f("fk_deliveries_issue_id_newsletter_issues"), type_="foreignkey")
        table.drop_column("issue_id")
    for table in ("settings", "subscribers", "newsletter_items", "newsletter_issues"):
        op.drop_table(table)
