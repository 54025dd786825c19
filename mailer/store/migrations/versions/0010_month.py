"""The month: steps before an occurrence, notices to staff, and mailings that are held for want of an approval."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the database to this revision."""
    with op.batch_alter_table("mailing") as batch:
        batch.alter_column("approval_id", existing_type=KEY, nullable=True)
        batch.add_column(sa.Column("changed_at", TIME))
    with op.batch_alter_table("mailing_list") as batch:
        batch.alter_column("edition_id", existing_type=KEY, nullable=True)
    op.create_table(
        "schedule_step",
        sa.Column("schedule", sa.String(length=32), nullable=False),
        sa.Column("local_at", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("done_at", TIME, nullable=False),
        sa.Column("issue_slug", sa.String(length=64), server_default="", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("schedule", "local_at", "step", name=op.f("pk_schedule_step")),
    )
    op.create_table(
        "notice",
        sa.Column("id", KEY, nullable=False),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.Column("until_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("about", name=op.f("uq_notice_about")),
    )
    op.create_table(
        "notice_copy",
        sa.Column("notice_id", KEY, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("tried_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["notice_id"], ["notice.id"], name=op.f("fk_notice_copy_notice_id")),
        sa.PrimaryKeyConstraint("notice_id", "address", name=op.f("pk_notice_copy")),
    )
    op.create_index("ix_notice_copy_ended_at", "notice_copy", ["ended_at"])
