"""Corrections of issues, and copies that a person has sent again to addresses the issue has reached."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the database to this revision."""
    op.add_column("issue", sa.Column("corrects", sa.String(length=64), server_default="", nullable=False))
    op.add_column("delivery", sa.Column("corrects_id", sa.BigInteger()))
    op.add_column("mailing", sa.Column("again_by", sa.String(length=200), server_default="", nullable=False))
    op.add_column("mailing", sa.Column("again_reason", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "mailing_only",
        sa.Column("mailing_id", KEY, nullable=False),
        sa.Column("address_key", sa.String(length=254), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_mailing_only_mailing_id")),
        sa.PrimaryKeyConstraint("mailing_id", "address_key", name=op.f("pk_mailing_only")),
    )
