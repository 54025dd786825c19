"""Returned mail that people deal with: done, tied to a copy by hand, cleared."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0018"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Bring the database to this revision."""
    with op.batch_alter_table("returned_mail") as batch:
        batch.add_column(sa.Column("done_at", TIME))
        batch.add_column(sa.Column("done_by", sa.String(length=100), nullable=False, server_default=""))
        batch.add_column(sa.Column("cleared_at", TIME))
        batch.add_column(sa.Column("meaning", sa.String(length=16), nullable=False, server_default=""))
        batch.add_column(sa.Column("hand_delivery_id", KEY))
        batch.add_column(sa.Column("note", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("undo", sa.JSON()))
        batch.create_foreign_key(op.f("fk_returned_mail_hand_delivery_id"), "delivery", ["hand_delivery_id"], ["id"])
    op.create_index(op.f("ix_returned_mail_hand_delivery_id"), "returned_mail", ["hand_delivery_id"])


def downgrade() -> None:
    """Take it back."""
    op.drop_index(op.f("ix_returned_mail_hand_delivery_id"), "returned_mail")
    with op.batch_alter_table("returned_mail") as batch:
        batch.drop_constraint(op.f("fk_returned_mail_hand_delivery_id"), type_="foreignkey")
        for name in ("done_at", "done_by", "cleared_at", "meaning", "hand_delivery_id", "note", "undo"):
            batch.drop_column(name)
