"""The directory: territories, neighbourhoods, councils and their pages."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "councils",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("precision", sa.String(length=10), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("description_html", sa.Text(), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("meetings", sa.String(length=300), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_councils")),
        sa.UniqueConstraint("slug", name=op.f("uq_councils_slug")),
    )
    stamps = op.create_table(
        "stamps",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("version", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_stamps")),
    )
    op.bulk_insert(stamps, [{"name": name, "version": secrets.token_urlsafe(8)} for name in ("directory", "pages")])
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_files")),
    )
    op.create_index("ix_stored_files_digest", "stored_files", ["digest"])

    op.create_table(
        "territories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("level", sa.String(length=4), nullable=True),
        sa.Column("region_id", sa.Integer(), nullable=True),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("epci_id", sa.Integer(), nullable=True),
        sa.Column("ept_id", sa.Integer(), nullable=True),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["department_id"], ["territories.id"], name=op.f("fk_territories_department_id_territories")
        ),
        sa.ForeignKeyConstraint(["epci_id"], ["territories.id"], name=op.f("fk_territories_epci_id_territories")),
        sa.ForeignKeyConstraint(["ept_id"], ["territories.id"], name=op.f("fk_territories_ept_id_territories")),
        sa.ForeignKeyConstraint(["region_id"], ["territories.id"], name=op.f("fk_territories_region_id_territories")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territories")),
        sa.UniqueConstraint("kind", "code", name=op.f("uq_territories_kind")),
    )
    op.create_index("ix_territories_department_id", "territories", ["department_id"])
    op.create_index("ix_territories_epci_id", "territories", ["epci_id"])
    op.create_index("ix_territories_ept_id", "territories", ["ept_id"])
    op.create_index("ix_territories_region_id", "territories", ["region_id"])

    op.create_table(
        "council_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("council_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["council_id"], ["councils.id"], name=op.f("fk_council_links_council_id_councils"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_council_links")),
    )
    op.create_index("ix_council_links_council_id", "council_links", ["council_id"])

    op.create_table(
        "council_pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("council_id", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("alternative", sa.String(length=300), nullable=False),
        sa.ForeignKeyConstraint(
            ["council_id"], ["councils.id"], name=op.f("fk_council_pictures_council_id_councils"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["file_id"], ["stored_files.id"], name=op.f("fk_council_pictures_file_id_stored_files")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_council_pictures")),
    )
    op.create_index("ix_council_pictures_council_id", "council_pictures", ["council_id"])
    op.create_index("ix_council_pictures_file_id", "council_pictures", ["file_id"])

    op.create_table(
        "council_territories",
        sa.Column("council_id", sa.Integer(), nullable=False),
        sa.Column("territory_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["council_id"], ["councils.id"], name=op.f("fk_council_territories_council_id_councils"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["territory_id"],
            ["territories.id"],
            name=op.f("fk_council_territories_territory_id_territories"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("council_id", "territory_id", name=op.f("pk_council_territories")),
    )
    op.create_index("ix_council_territories_territory_id", "council_territories", ["territory_id"])

    op.create_table(
        "neighbourhoods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("precision", sa.String(length=10), nullable=False),
        sa.Column("population", sa.Integer(), nullable=True),
        sa.Column("contract_code", sa.String(length=10), nullable=True),
        sa.Column("contract_name", sa.String(length=200), nullable=True),
        sa.Column("council_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["council_id"], ["councils.id"], name=op.f("fk_neighbourhoods_council_id_councils"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_neighbourhoods")),
        sa.UniqueConstraint("code", name=op.f("uq_neighbourhoods_code")),
    )
    op.create_index("ix_neighbourhoods_council_id", "neighbourhoods", ["council_id"])

    op.create_table(
        "postal_codes",
        sa.Column("code", sa.String(length=5), nullable=False),
        sa.Column("commune_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id"], ["territories.id"], name=op.f("fk_postal_codes_commune_id_territories"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("code", "commune_id", name=op.f("pk_postal_codes")),
    )
    op.create_table(
        "neighbourhood_communes",
        sa.Column("neighbourhood_id", sa.Integer(), nullable=False),
        sa.Column("commune_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_id"],
            ["territories.id"],
            name=op.f("fk_neighbourhood_communes_commune_id_territories"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["neighbourhood_id"],
            ["neighbourhoods.id"],
            name=op.f("fk_neighbourhood_communes_neighbourhood_id_neighbourhoods"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("neighbourhood_id", "commune_id", name=op.f("pk_neighbourhood_communes")),
    )
    op.create_index("ix_neighbourhood_communes_commune_id", "neighbourhood_communes", ["commune_id"])

    op.create_table(
        "neighbourhood_successions",
        sa.Column("earlier_id", sa.Integer(), nullable=False),
        sa.Column("later_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["earlier_id"],
            ["neighbourhoods.id"],
            name=op.f("fk_neighbourhood_successions_earlier_id_neighbourhoods"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["later_id"],
            ["neighbourhoods.id"],
            name=op.f("fk_neighbourhood_successions_later_id_neighbourhoods"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("earlier_id", "later_id", name=op.f("pk_neighbourhood_successions")),
    )
    op.create_index("ix_neighbourhood_successions_later_id", "neighbourhood_successions", ["later_id"])


def downgrade():
    for table in (
        "neighbourhood_successions", "neighbourhood_communes", "postal_codes", "neighbourhoods", "council_territories",
        "council_pictures", "council_links", "territories", "stored_files", "stamps", "councils",
    ):  # fmt: skip
        op.drop_table(table)
