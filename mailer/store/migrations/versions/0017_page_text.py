"""What is written on the pages that everybody may read."""

import sqlalchemy as sa
from alembic import op

from mailer.model.page_text import fold_text, read_page

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and what is written on the pages that there are."""
    table = op.create_table(
        "page_text",
        sa.Column(
            "edition_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False, autoincrement=False
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("headings", sa.JSON(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["edition_id"], ["edition.id"], name=op.f("fk_page_text_edition_id")),
        sa.PrimaryKeyConstraint("edition_id", name=op.f("pk_page_text")),
    )
    edition = sa.table("edition", sa.column("id", sa.Integer), sa.column("stored", sa.JSON))
    connection = op.get_bind()
    for number in connection.execute(sa.select(edition.c.id)).scalars().all():
        stored = connection.execute(sa.select(edition.c.stored).where(edition.c.id == number)).scalar_one()
        if stored.get("archive") == "public" and stored.get("page"):
            found = read_page(stored["page"])
            op.execute(
                table.insert().values(
                    edition_id=number,
                    title=found.title,
                    headings=list(found.headings),
                    words=found.text,
                    folded=fold_text(f"{found.title} {found.text}"),
                )
            )


def downgrade() -> None:
    """Take it out."""
    op.drop_table("page_text")
