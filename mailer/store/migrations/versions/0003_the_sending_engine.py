"""The sending engine: pace, attempts in the order of their deliveries, tokens made anew instead of stored."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the database to this revision."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    with op.batch_alter_table("mailing") as batch:
        batch.add_column(sa.Column("token_key", sa.Integer(), server_default="0", nullable=False))
        batch.add_column(sa.Column("message_domain", sa.String(length=254), server_default="", nullable=False))
    place = "instr(message_id, '@')" if sqlite else "strpos(message_id, '@')"
    op.execute(
        "UPDATE mailing SET token_key = 1, message_domain = coalesce((SELECT "
        f"substr(message_id, {place} + 1, length(message_id) - {place} - 1) FROM delivery "
        "WHERE delivery.mailing_id = mailing.id LIMIT 1), '')"
    )
    with op.batch_alter_table("mailing") as batch:
        batch.drop_column("held_s")
        batch.drop_column("halted_at")
    _rebuild_attempts()
    _change_deliveries()
    op.create_table(
        "pace",
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("held_until", TIME),
        sa.Column("cap_per_minute", sa.Float()),
        sa.Column("peak_per_minute", sa.Float(), server_default="0", nullable=False),
        sa.Column("changed_at", TIME, nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("stopped", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_pace")),
    )
    op.create_table(
        "pace_use",
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("window_s", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slice", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "window_s", "slice", name=op.f("pk_pace_use")),
    )


def _rebuild_attempts() -> None:
    op.rename_table("attempt", "attempt_before")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("ALTER TABLE attempt_before RENAME CONSTRAINT pk_attempt TO pk_attempt_before")
        op.execute("ALTER TABLE attempt_before RENAME CONSTRAINT fk_attempt_delivery_id TO fk_attempt_before")
    op.create_table(
        "attempt",
        sa.Column("delivery_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("relay", sa.String(length=32), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("dot_at", TIME),
        sa.Column("ended_at", TIME),
        sa.Column("outcome", sa.String(length=16), server_default="", nullable=False),
        sa.Column("phase", sa.String(length=16), server_default="", nullable=False),
        sa.Column("code", sa.Integer(), server_default="0", nullable=False),
        sa.Column("enhanced", sa.String(length=12), server_default="", nullable=False),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("reply_class", sa.String(length=24), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["delivery_id"], ["delivery.id"], name=op.f("fk_attempt_delivery_id")),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_attempt")),
        sqlite_with_rowid=False,
    )
    columns = (
        "delivery_id, number, relay, started_at, dot_at, ended_at, outcome, phase, code, enhanced, reply, reply_class"
    )
    op.execute(f"INSERT INTO attempt ({columns}) SELECT {columns} FROM attempt_before")
    op.drop_table("attempt_before")


def _change_deliveries() -> None:
    with op.batch_alter_table("delivery") as batch:
        batch.drop_index("ix_delivery_mailing_status")
        batch.drop_index("ix_delivery_message_id")
        batch.drop_index("uq_delivery_issue_address")
        batch.add_column(sa.Column("frees_address", sa.Boolean(), server_default=sa.text("false"), nullable=False))
        batch.add_column(sa.Column("last_attempt", sa.Integer(), server_default="0", nullable=False))
        batch.add_column(sa.Column("relay", sa.String(length=32), server_default="", nullable=False))
        batch.add_column(sa.Column("held_s", sa.Float(), server_default="0", nullable=False))
        batch.drop_column("held_before_s")
        batch.drop_column("message_id")
        batch.drop_column("token")
        batch.alter_column("id", existing_type=sa.BigInteger(), type_=KEY, existing_nullable=False)
    newest = "(SELECT max(number) FROM attempt WHERE attempt.delivery_id = delivery.id)"
    op.execute(f"UPDATE delivery SET last_attempt = {newest} WHERE first_attempt_at IS NOT NULL AND {newest} > 0")
    op.execute(
        "UPDATE delivery SET relay = coalesce((SELECT relay FROM attempt WHERE attempt.delivery_id = delivery.id "
        "AND attempt.number = delivery.last_attempt), '') WHERE last_attempt > 0"
    )
    op.execute("UPDATE delivery SET frees_address = true WHERE status = 'cancelled' OR again")
    free, pending = sa.text("NOT frees_address"), sa.text("status = 'pending'")
    op.create_index(
        "uq_delivery_issue_address", "delivery", ["issue_id", "address_key"], unique=True,
        sqlite_where=free, postgresql_where=free,
    )  # fmt: skip
    op.create_index(
        "ix_delivery_queue", "delivery", ["mailing_id", "next_attempt_at", "id", "domain", "list_id"],
        sqlite_where=pending, postgresql_where=pending,
    )  # fmt: skip
    op.create_index("ix_delivery_count", "delivery", ["mailing_id", "status", "list_id"])
