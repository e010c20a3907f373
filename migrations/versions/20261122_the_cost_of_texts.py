"""What texts cost: parts of a cent, and the instant that says which month they count in."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    with op.batch_alter_table("deliveries") as batch:
        batch.alter_column("cost_cents", existing_type=sa.Integer(), type_=sa.Double(), existing_nullable=False)
        batch.add_column(sa.Column("charged_at", sa.DateTime(timezone=True), nullable=True))
        batch.create_index("ix_deliveries_charged_at", ["channel", "charged_at"])
    # An attempt whose end is unknown kept no other instant than the one it was due at.
    op.execute(
        "UPDATE deliveries SET charged_at = COALESCE(sent_at, next_attempt_at) "
        "WHERE channel = 'sms' AND state IN ('sent', 'to_check') AND segments > 0"
    )


def downgrade():
    op.execute("UPDATE deliveries SET cost_cents = ROUND(cost_cents)")
    with op.batch_alter_table("deliveries") as batch:
        batch.drop_index("ix_deliveries_charged_at")
        batch.drop_column("charged_at")
        batch.alter_column("cost_cents", existing_type=sa.Double(), type_=sa.Integer(), existing_nullable=False)
