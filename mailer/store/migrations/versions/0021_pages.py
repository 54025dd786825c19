"""Indexes by which pages find the copies to an address, and who stands how on a list."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_index(
        "ix_delivery_freed",
        "delivery",
        ["address_key"],
        sqlite_where=sa.text("frees_address = 1"),
        postgresql_where=sa.text("frees_address"),
    )
    op.create_index("ix_subscription_standing", "subscription", ["list_id", "status", "contact_id"])
    op.drop_index(op.f("ix_subscription_list_id"), "subscription")  # the new one begins with it


def downgrade() -> None:
    """Take it back."""
    op.create_index(op.f("ix_subscription_list_id"), "subscription", ["list_id"])
    op.drop_index("ix_subscription_standing", "subscription")
    op.drop_index("ix_delivery_freed", "delivery")
