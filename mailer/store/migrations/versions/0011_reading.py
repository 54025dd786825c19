"""Requests for tracked links and pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "reading_event",
        sa.Column("id", KEY, nullable=False),
        sa.Column("delivery_id", KEY),
        sa.Column("mailing_id", KEY, nullable=False),
        sa.Column("list_id", KEY, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("link", sa.Integer(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("method", sa.String(length=8), nullable=False),
        sa.Column("agent", sa.String(length=300), nullable=False),
        sa.Column("network", sa.String(length=43), nullable=False),
        sa.Column("prefetch", sa.Boolean(), nullable=False),
        sa.Column("verdict", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.CheckConstraint("kind IN ('open', 'click')", name=op.f("ck_reading_event_kind")),
        sa.CheckConstraint("verdict IN ('human', 'machine', 'unknown')", name=op.f("ck_reading_event_verdict")),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_reading_event_delivery_id")),
        sa.ForeignKeyConstraint(["mailing_id"], ["mailing.id"], name=op.f("fk_reading_event_mailing_id")),
        sa.ForeignKeyConstraint(["list_id"], ["distribution_list.id"], name=op.f("fk_reading_event_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_event")),
    )
    op.create_index("ix_reading_event_delivery", "reading_event", ["delivery_id", "happened_at"])
    op.create_index(
        "ix_reading_event_readers", "reading_event", ["mailing_id", "list_id", "kind", "verdict", "delivery_id"]
    )
    op.create_index(
        "ix_reading_event_links", "reading_event", ["mailing_id", "list_id", "link", "verdict", "delivery_id"]
    )
