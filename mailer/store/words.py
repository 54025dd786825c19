"""Words that people look for in the columns of a table."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Connection, or_


def hold(connection: Connection, columns: Iterable[ColumnElement[str]], words: str) -> ColumnElement[bool]:
    """Return the condition that one of the columns holds these words, in capitals or not. It reads every row.

    On SQLite capitals are told from small letters beyond ASCII, as its own LIKE tells them: SQLAlchemy's `icontains`
    finds the same there, but folds each value once more and takes three times as long.
    """
    escaped = words.replace("/", "//").replace("%", "/%").replace("_", "/_")
    escape = "/" if escaped != words else None  # LIKE compares faster without one
    pattern, is_sqlite = f"%{escaped}%", connection.dialect.name == "sqlite"
    return or_(
        *(column.like(pattern, escape=escape) if is_sqlite else column.ilike(pattern, escape="/") for column in columns)
    )
