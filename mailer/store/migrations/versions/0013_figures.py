"""What reports last counted of large mailings."""

import sqlalchemy as sa
from alembic import op

from mailer.store.schema import UtcTime

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the digests."""
    op.create_table(
        "figure_digest",
        sa.Column(
            "mailing_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False
        ),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("counted_at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name="fk_figure_digest_mailing_id"),
        sa.PrimaryKeyConstraint("mailing_id", name="pk_figure_digest"),
    )


def downgrade() -> None:
    """Take the digests out."""
    op.drop_table("figure_digest")
