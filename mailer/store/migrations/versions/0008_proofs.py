"""Proofs on record: which edition went to staff, by whom, to how many, and what was replied."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "proof",
        sa.Column("id", KEY, nullable=False),
        sa.Column("issue_slug", sa.String(length=64), nullable=False),
        sa.Column("list_name", sa.String(length=32), nullable=False),
        sa.Column("edition_sha256", sa.String(length=64), nullable=False),
        sa.Column("issue_status", sa.String(length=16), nullable=False),
        sa.Column("sent_by", sa.String(length=200), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("issue_status IN ('draft', 'submitted', 'approved')", name=op.f("ck_proof_issue_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof")),
    )
    op.create_index("ix_proof_issue_slug", "proof", ["issue_slug"])
