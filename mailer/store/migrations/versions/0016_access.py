"""Passwords, second factors, sessions, attempts that failed, and identities from outside."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), server_default="", nullable=False)


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "credential",
        sa.Column("user_id", KEY, autoincrement=False, nullable=False),
        _text("password_hash", 255),
        sa.Column("password_set_at", TIME),
        _text("factor", 255),
        sa.Column("factor_set_at", TIME),
        _text("factor_begun", 255),
        sa.Column("factor_step", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_credential_user_id")),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_credential")),
    )
    op.create_table(
        "recovery_code",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", TIME),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_recovery_code_user_id")),
        sa.PrimaryKeyConstraint("user_id", "code_hash", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "user_session",
        sa.Column("id", KEY, nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("last_seen_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        _text("network", 43),
        _text("agent", 200),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_session_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_session")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_user_session_token_sha256")),
    )
    op.create_index("ix_user_session_user_id", "user_session", ["user_id"])
    op.create_index("ix_user_session_last_seen_at", "user_session", ["last_seen_at"])
    op.create_table(
        "log_in_failure",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", TIME, nullable=False),
        sa.Column("blocked_until", TIME),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_log_in_failure")),
    )
    op.create_index("ix_log_in_failure_failed_at", "log_in_failure", ["failed_at"])
    op.create_table(
        "outside_identity",
        sa.Column("issuer", sa.String(length=255), nullable=False),
        sa.Column("subject", sa.String(length=255), nullable=False),
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("bound_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_outside_identity_user_id")),
        sa.PrimaryKeyConstraint("issuer", "subject", name=op.f("pk_outside_identity")),
        sa.UniqueConstraint("issuer", "user_id", name=op.f("uq_outside_identity_issuer_user_id")),
    )
