"""Returned mail: what ties it to deliveries, what waits for a person, how far mailboxes were read; webhooks."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the database to this revision."""
    op.add_column("suppression", sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.add_column("event", sa.Column("tie", sa.String(length=16), server_default="", nullable=False))
    op.add_column("event", sa.Column("about", sa.String(length=254), server_default="", nullable=False))
    op.add_column("notice", sa.Column("attached", sa.LargeBinary(), nullable=True))
    op.create_table(
        "returned_mail",
        sa.Column("id", KEY, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("answer", sa.Boolean(), nullable=False),
        sa.Column("tie", sa.String(length=16), server_default="", nullable=False),
        sa.Column("delivery_id", KEY),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("sender", sa.String(length=254), server_default="", nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("sent_at", TIME),
        sa.Column("first_lines", sa.Text(), server_default="", nullable=False),
        sa.Column("detail", sa.Text(), server_default="", nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_returned_mail_delivery_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returned_mail")),
        sa.UniqueConstraint("sha256", name=op.f("uq_returned_mail_sha256")),
    )
    op.create_index("ix_returned_mail_answer", "returned_mail", ["answer", "id"])
    op.create_index(op.f("ix_returned_mail_delivery_id"), "returned_mail", ["delivery_id"])
    op.create_table(
        "mailbox_place",
        sa.Column("mailbox", sa.String(length=400), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("read_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("mailbox", name=op.f("pk_mailbox_place")),
    )
    op.create_table(
        "hook_seen",
        sa.Column("hook", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("body_sha256", sa.String(length=64), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("hook", "name", name=op.f("pk_hook_seen")),
    )
    op.create_index(op.f("ix_hook_seen_seen_at"), "hook_seen", ["seen_at"])
