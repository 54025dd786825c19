"""Occurrences: one for each local date and time, as cron may fire several times a day; a schedule knows its rule."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    with op.batch_alter_table("schedule_seen") as batch:
        batch.add_column(sa.Column("rule", sa.Text(), server_default="", nullable=False))
    with op.batch_alter_table("occurrence") as batch:
        batch.add_column(sa.Column("key", sa.String(length=40), server_default="", nullable=False))
        batch.add_column(sa.Column("local_at", sa.String(length=16), server_default="", nullable=False))
    # The zone of a schedule stands in config.toml, so its time of day is not known here. None is needed: every rule
    # until now had one time a day, and of such a rule the date is compared.
    op.execute("UPDATE occurrence SET local_at = local_date || ' 00:00'")
    with op.batch_alter_table("occurrence") as batch:
        batch.drop_constraint("uq_occurrence_schedule_local_date", type_="unique")
        batch.drop_column("local_date")
        batch.alter_column("local_at", existing_type=sa.String(length=16), server_default=None)
        batch.create_unique_constraint("uq_occurrence_schedule_local_at", ["schedule", "local_at"])
