"""What a council says on its page, what is off it, and the visit before the present one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXTS = (("meeting_place", 300), ("host", 200))
COUNCILS = ("meeting_place", "host", "residents", "local_actors", "recognised_on", "verified_at", "version")


def upgrade():
    for name, length in TEXTS:
        op.add_column("councils", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
    op.add_column("councils", sa.Column("residents", sa.Integer(), nullable=True))
    op.add_column("councils", sa.Column("local_actors", sa.Integer(), nullable=True))
    op.add_column("councils", sa.Column("recognised_on", sa.Date(), nullable=True))
    op.add_column("councils", sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("councils", sa.Column("version", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("council_pictures", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("former_visit_at", sa.DateTime(timezone=True), nullable=True))


def downgrade():
    # Not as a batch: it would make the tables anew, and forget which numbers of accounts were given.
    op.execute("ALTER TABLE users DROP COLUMN former_visit_at")
    op.execute("DELETE FROM council_pictures WHERE removed_at IS NOT NULL")
    op.execute("ALTER TABLE council_pictures DROP COLUMN removed_at")
    for name in COUNCILS:
        op.execute(f"ALTER TABLE councils DROP COLUMN {name}")
