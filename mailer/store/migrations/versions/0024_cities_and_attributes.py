"""Cities by one name (杭州市 becomes 杭州), and what imports change of language and attributes, to be put back."""

import sqlalchemy as sa
from alembic import op

from mailer.model.city import fold_city

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the database to this revision."""
    op.add_column("contact_import_row", sa.Column("was_language", sa.String(length=16)))
    op.add_column("contact_import_row", sa.Column("was_attributes", sa.JSON(none_as_null=True)))
    connection = op.get_bind()
    for table, column in (("contact", "city"), ("contact_import_row", "was_city")):
        found = connection.execute(sa.text(f"SELECT DISTINCT {column} FROM {table} WHERE {column} LIKE '%市'"))
        for city in found.scalars().all():
            if fold_city(city) != city:
                change = sa.text(f"UPDATE {table} SET {column} = :folded WHERE {column} = :city")
                connection.execute(change, {"folded": fold_city(city), "city": city})
    _join_organisations(connection)


def _join_organisations(connection: sa.Connection) -> None:
    """Make one organisation of 某公司 in 杭州 and 某公司 in 杭州市."""
    rows = connection.execute(
        sa.text("SELECT id, name, city, level, kind, phone FROM organisation WHERE city LIKE '%市'")
    )
    for row in rows.all():
        folded = fold_city(row.city)
        if folded == row.city:
            continue
        wanted = {"name": row.name, "folded": folded, "id": row.id}
        known = connection.execute(
            sa.text("SELECT id FROM organisation WHERE name = :name AND city = :folded"), wanted
        ).scalar()
        if known is None:
            connection.execute(sa.text("UPDATE organisation SET city = :folded WHERE id = :id"), wanted)
            continue
        moved = {"known": known, "id": row.id}
        connection.execute(sa.text("UPDATE contact SET organisation_id = :known WHERE organisation_id = :id"), moved)
        for name in ("level", "kind", "phone"):
            fill = sa.text(f"UPDATE organisation SET {name} = :said WHERE id = :known AND {name} = ''")
            connection.execute(fill, {"said": getattr(row, name), "known": known})
        connection.execute(sa.text("DELETE FROM organisation WHERE id = :id"), {"id": row.id})


def downgrade() -> None:
    """Take it back; cities stay as they are."""
    op.drop_column("contact_import_row", "was_attributes")
    op.drop_column("contact_import_row", "was_language")
