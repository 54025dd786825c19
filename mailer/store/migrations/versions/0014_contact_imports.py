"""Imports of contacts, and what they changed."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "contact_import",
        sa.Column("id", KEY, nullable=False),
        sa.Column("list_id", KEY, nullable=False),
        sa.Column("by_name", sa.String(length=200), nullable=False),
        sa.Column("by_id", KEY),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("file_sha256", sa.String(length=64), nullable=False),
        sa.Column("basis", sa.String(length=40), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True)),
        sa.Column("undone_by", sa.String(length=200), server_default="", nullable=False),
        sa.Column("undone_by_id", KEY),
        sa.ForeignKeyConstraint(["list_id"], ["distribution_list.id"], name=op.f("fk_contact_import_list_id")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_contact_import_by_id")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["user_account.id"], name=op.f("fk_contact_import_undone_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_import")),
    )
    op.create_table(
        "contact_import_row",
        sa.Column("import_id", KEY, nullable=False),
        sa.Column("contact_id", KEY, nullable=False),
        sa.Column("act", sa.String(length=16), nullable=False),
        sa.Column("was_address", sa.String(length=254)),
        sa.Column("was_name", sa.String(length=200)),
        sa.Column("was_title", sa.String(length=200)),
        sa.Column("was_organisation", sa.String(length=200)),
        sa.Column("was_city", sa.String(length=100)),
        sa.Column("was_level", sa.String(length=40)),
        sa.Column("was_phone", sa.String(length=100)),
        sa.Column("was_changed_at", sa.DateTime(timezone=True)),
        sa.Column("was_position", sa.Integer()),
        sa.Column("was_source", sa.String(length=200)),
        sa.Column("was_basis", sa.String(length=40)),
        sa.Column("was_since", sa.DateTime(timezone=True)),
        sa.Column("was_left_at", sa.DateTime(timezone=True)),
        sa.Column("now_position", sa.Integer(), nullable=False),
        sa.CheckConstraint("act IN ('made', 'joined', 'resumed', 'kept')", name=op.f("ck_contact_import_row_act")),
        sa.ForeignKeyConstraint(["import_id"], ["contact_import.id"], name=op.f("fk_contact_import_row_import_id")),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contact.id"], name=op.f("fk_contact_import_row_contact_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "contact_id", name=op.f("pk_contact_import_row")),
    )
    op.create_index("ix_contact_import_row_contact_id", "contact_import_row", ["contact_id"])
