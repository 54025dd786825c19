"""Whether a database is whole, as far as it can tell of itself."""

from sqlalchemy import text

from mailer.store.database import Connection

MOST_FAULTS = 5


def find_faults(connection: Connection) -> list[str]:
    """Return what SQLite finds wrong with its file (PRAGMA quick_check), at most MOST_FAULTS; none on PostgreSQL.

    The whole file is read: some seconds a gigabyte.
    """
    if connection.dialect.name != "sqlite":
        return []
    rows = connection.execute(text(f"PRAGMA quick_check({MOST_FAULTS})")).scalars().all()
    return [str(one) for one in rows if one != "ok"]
