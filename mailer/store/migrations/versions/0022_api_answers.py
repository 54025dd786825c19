"""What the API has answered to calls that have a key."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the database to this revision."""
    op.create_table(
        "api_answer",
        sa.Column("token_id", KEY, nullable=False, autoincrement=False),
        sa.Column("key_sha256", sa.String(length=64), nullable=False),
        sa.Column("request_sha256", sa.String(length=64), nullable=False),
        sa.Column("begun_at", TIME, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("media_type", sa.String(length=100), nullable=False, server_default=""),
        sa.Column("body", sa.LargeBinary()),
        sa.ForeignKeyConstraint(["token_id"], ["api_token.id"], name=op.f("fk_api_answer_token_id")),
        sa.PrimaryKeyConstraint("token_id", "key_sha256", name=op.f("pk_api_answer")),
    )
    op.create_index(op.f("ix_api_answer_begun_at"), "api_answer", ["begun_at"])


def downgrade() -> None:
    """Take it back."""
    op.drop_table("api_answer")
