"""What councils share: publications, their files, versions, themes, folders and groups."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
# The priorities of the contrats de ville, in the words that people use.
THEMES = (
    ("logement-et-cadre-de-vie", "Logement et cadre de vie"),
    ("renovation-urbaine", "Rénovation urbaine"),
    ("education-et-jeunesse", "Éducation et jeunesse"),
    ("emploi-et-insertion", "Emploi et insertion"),
    ("commerces-et-economie", "Commerces et économie"),
    ("sante", "Santé"),
    ("culture", "Culture"),
    ("sports-et-loisirs", "Sports et loisirs"),
    ("transports", "Transports"),
    ("tranquillite-publique", "Tranquillité publique"),
    ("environnement", "Environnement et propreté"),
    ("lien-social", "Lien social et solidarité"),
    ("egalite", "Égalité et lutte contre les discriminations"),
    ("numerique", "Numérique"),
    ("citoyennete", "Citoyenneté et participation"),
)


def key(table, column, target, ondelete=None):
    """Return the foreign key of one column, under the name that the models give it."""
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def primary(table, *columns):
    """Return the primary key of a table, under the name that the models give it."""
    return sa.PrimaryKeyConstraint(*columns, name=op.f(f"pk_{table}"))


def link(table, one, ones, other, others):
    """Make a table that joins rows of two others."""
    op.create_table(
        table,
        sa.Column(one, sa.Integer(), nullable=False),
        sa.Column(other, sa.Integer(), nullable=False),
        key(table, one, ones, "CASCADE"),
        key(table, other, others, "CASCADE"),
        primary(table, one, other),
    )
    op.create_index(f"ix_{table}_{other}", table, [other])


def text(name):
    """Return a column of a long text, never null."""
    return sa.Column(name, sa.Text(), nullable=False)


def upgrade():
    op.create_table(
        "groups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        primary("groups", "id"),
        sa.UniqueConstraint("slug", name=op.f("uq_groups_slug")),
    )
    link("group_councils", "group_id", "groups", "council_id", "councils")
    themes = op.create_table(
        "themes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        primary("themes", "id"),
        sa.UniqueConstraint("slug", name=op.f("uq_themes_slug")),
    )
    op.bulk_insert(themes, [{"slug": s, "name": name, "position": p} for p, (s, name) in enumerate(THEMES)])
    op.create_table(
        "folders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("council_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("is_series", sa.Boolean(), nullable=False),
        key("folders", "council_id", "councils", "CASCADE"),
        primary("folders", "id"),
        sa.UniqueConstraint("council_id", "name", name=op.f("uq_folders_council_id")),
    )
    make_publications()
    make_actions_and_events()
    link("publication_groups", "publication_id", "publications", "group_id", "groups")
    link("publication_themes", "publication_id", "publications", "theme_id", "themes")
    make_attachments()
    make_revisions()


def make_publications():
    op.create_table(
        "publications",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("council_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("slug", sa.String(length=90), nullable=False),
        sa.Column("summary", sa.String(length=400), nullable=False),
        text("description"),
        text("description_html"),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("folder_id", sa.Integer(), nullable=True),
        sa.Column("is_charter", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("publish_on", INSTANT, nullable=True),
        sa.Column("published_at", INSTANT, nullable=True),
        sa.Column("edited_at", INSTANT, nullable=True),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.Column("deleted_by_id", sa.Integer(), nullable=True),
        sa.Column("withdrawn_at", INSTANT, nullable=True),
        sa.Column("hidden_at", INSTANT, nullable=True),
        text("hidden_reason"),
        key("publications", "author_id", "users", "SET NULL"),
        key("publications", "council_id", "councils", "CASCADE"),
        key("publications", "deleted_by_id", "users", "SET NULL"),
        key("publications", "folder_id", "folders", "SET NULL"),
        primary("publications", "id"),
        sa.UniqueConstraint("key", name=op.f("uq_publications_key")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_publications_author_id", "publications", ["author_id"])
    op.create_index("ix_publications_council_id", "publications", ["council_id", "kind", "published_at"])
    op.create_index("ix_publications_deleted_by_id", "publications", ["deleted_by_id"])
    op.create_index("ix_publications_folder_id", "publications", ["folder_id", "published_at"])
    op.create_index("ix_publications_level", "publications", ["level", "published_at", "id"])
    op.create_index("ix_publications_published_at", "publications", ["published_at", "id"])
    for column in ("deleted_at", "publish_on"):
        there = sa.text(f"{column} IS NOT NULL")
        name = f"ix_publications_{column}"
        op.create_index(name, "publications", [column], sqlite_where=there, postgresql_where=there)


def make_actions_and_events():
    op.create_table(
        "actions",
        sa.Column("id", sa.Integer(), nullable=False),
        *map(text, ("need", "need_html", "results", "results_html", "lessons", "lessons_html")),
        sa.Column("stage", sa.String(length=10), nullable=True),
        sa.Column("carrier", sa.String(length=10), nullable=True),
        sa.Column("carrier_name", sa.String(length=200), nullable=False),
        text("partners"),
        text("contract"),
        sa.Column("pillar", sa.String(length=10), nullable=True),
        sa.Column("budget", sa.String(length=200), nullable=False),
        text("funders"),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("contact", sa.String(length=300), nullable=False),
        key("actions", "id", "publications", "CASCADE"),
        primary("actions", "id"),
    )
    op.create_table(
        "events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("starts_at", INSTANT, nullable=True),
        sa.Column("ends_at", INSTANT, nullable=True),
        sa.Column("time_zone", sa.String(length=40), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=300), nullable=False),
        sa.Column("organiser", sa.String(length=200), nullable=False),
        *map(text, ("agenda", "agenda_html", "minutes", "minutes_html")),
        sa.Column("minutes_at", INSTANT, nullable=True),
        key("events", "id", "publications", "CASCADE"),
        primary("events", "id"),
    )
    op.create_index("ix_events_starts_at", "events", ["starts_at"])


def make_attachments():
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("publication_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("is_minutes", sa.Boolean(), nullable=False),
        sa.Column("alternative", sa.String(length=300), nullable=False),
        sa.Column("file_id", sa.Integer(), nullable=False),
        sa.Column("picture_id", sa.Integer(), nullable=True),
        sa.Column("thumbnail_id", sa.Integer(), nullable=True),
        sa.Column("added_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.Column("removed_by_id", sa.Integer(), nullable=True),
        key("attachments", "publication_id", "publications", "CASCADE"),
        key("attachments", "file_id", "stored_files"),
        key("attachments", "picture_id", "stored_files"),
        key("attachments", "thumbnail_id", "stored_files"),
        key("attachments", "added_by_id", "users", "SET NULL"),
        key("attachments", "removed_by_id", "users", "SET NULL"),
        primary("attachments", "id"),
    )
    for column in ("publication_id", "file_id", "picture_id", "thumbnail_id", "added_by_id", "removed_by_id"):
        op.create_index(f"ix_attachments_{column}", "attachments", [column])


def make_revisions():
    op.create_table(
        "revisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("council_id", sa.Integer(), nullable=True),
        sa.Column("publication_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=True),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("comment", sa.String(length=200), nullable=False),
        sa.CheckConstraint("(council_id IS NULL) <> (publication_id IS NULL)", name=op.f("ck_revisions_one_subject")),
        key("revisions", "author_id", "users", "SET NULL"),
        key("revisions", "council_id", "councils", "CASCADE"),
        key("revisions", "publication_id", "publications", "CASCADE"),
        primary("revisions", "id"),
        sa.UniqueConstraint("council_id", "number", name=op.f("uq_revisions_council_id")),
        sa.UniqueConstraint("publication_id", "number", name=op.f("uq_revisions_publication_id")),
    )
    op.create_index("ix_revisions_author_id", "revisions", ["author_id"])
    unsaved = sa.text("number IS NULL")
    for column in ("council_id", "publication_id"):
        name = f"uq_revisions_{column}_unsaved"
        columns = [column, "author_id"]
        op.create_index(name, "revisions", columns, unique=True, sqlite_where=unsaved, postgresql_where=unsaved)


def downgrade():
    for table in (
        "revisions", "attachments", "publication_themes", "publication_groups", "events", "actions", "publications",
        "folders", "themes", "group_councils", "groups",
    ):  # fmt: skip
        op.drop_table(table)
