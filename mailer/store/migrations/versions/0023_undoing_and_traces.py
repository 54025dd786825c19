"""What an import wrote, so that its undoing judges each field; whether the log may still hold erased persons."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.add_column("house", sa.Column("traces_since", sa.DateTime(timezone=True)))
    op.add_column("contact_import", sa.Column("undone_kept", sa.Integer()))
    op.add_column("contact_import_row", sa.Column("wrote", sa.JSON(none_as_null=True)))
    op.add_column("contact_import_row", sa.Column("was_left_reason", sa.String(length=200)))


def downgrade() -> None:
    """Take it back."""
    op.drop_column("contact_import_row", "was_left_reason")
    op.drop_column("contact_import_row", "wrote")
    op.drop_column("contact_import", "undone_kept")
    op.drop_column("house", "traces_since")
