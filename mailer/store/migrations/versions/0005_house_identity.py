"""Which house a database is: a number of its own, counted on while it runs, so that a restored copy is noticed."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the database to this revision."""
    with op.batch_alter_table("house") as batch:
        batch.add_column(sa.Column("instance_id", sa.String(length=32), server_default="", nullable=False))
        batch.add_column(sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False))
        batch.add_column(sa.Column("beat_at", TIME))
        batch.add_column(sa.Column("clock_seen_at", TIME))
        batch.add_column(sa.Column("confirmed_by", sa.String(length=200), server_default="", nullable=False))
        batch.add_column(sa.Column("confirmed_at", TIME))
