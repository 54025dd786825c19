"""The tempo of a mailing: a pause between lists, a spread, quiet hours."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the database to this revision."""
    with op.batch_alter_table("mailing") as batch:
        batch.add_column(sa.Column("list_pause_s", sa.Float(), server_default="0", nullable=False))
        batch.add_column(sa.Column("spread_s", sa.Float(), server_default="0", nullable=False))
        batch.add_column(sa.Column("quiet_hours", sa.String(length=80), server_default="", nullable=False))
        batch.add_column(sa.Column("spread_gone_s", sa.Float(), server_default="0", nullable=False))
        batch.add_column(sa.Column("spread_seen_at", TIME))
    with op.batch_alter_table("mailing_list") as batch:
        batch.add_column(sa.Column("last_ordinal", sa.BigInteger(), server_default="0", nullable=False))
        batch.add_column(sa.Column("opens_at", TIME))
