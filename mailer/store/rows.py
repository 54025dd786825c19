"""Many rows handed to one statement as a JSON array: one step of the database however many they are.

A statement executed row by row gives Python's lock back and takes it again for each, which in the sender costs more
than the writing.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, ColumnElement, String, bindparam, cast, column, func, type_coerce
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import Float

from mailer.store.schema import UtcTime


class _Elements(GenericFunction[Any]):
    name = "json_array_elements"
    inherit_cache = True


@compiles(_Elements, "sqlite")
def _elements_of_sqlite(element: _Elements, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


class _Moment(GenericFunction[datetime]):
    """A time as its own database writes it."""

    name = "moment"
    type = UtcTime()
    inherit_cache = True


@compiles(_Moment, "sqlite")
def _moment_of_sqlite(element: _Moment, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(_Moment)
def _moment_of_postgresql(element: _Moment, compiler: Any, **options: Any) -> str:
    return f"CAST({compiler.process(element.clauses, **options)} || '+00' AS TIMESTAMP WITH TIME ZONE)"


rows = func.json_array_elements(type_coerce(bindparam("rows"), JSON)).table_valued(column("value", JSON), name="rows")


def number_at(index: int) -> ColumnElement[int]:
    """The whole number in this place of a row."""
    return cast(rows.c.value[index].as_string(), BigInteger)


def float_at(index: int) -> ColumnElement[float]:
    """The number in this place of a row."""
    return cast(rows.c.value[index].as_string(), Float)


def text_at(index: int) -> ColumnElement[str]:
    """The text in this place of a row, or NULL."""
    return type_coerce(rows.c.value[index].as_string(), String)


def time_at(index: int) -> ColumnElement[datetime]:
    """The time in this place of a row, or NULL."""
    return _Moment(rows.c.value[index].as_string())


def write_time(moment: datetime | None) -> str | None:
    """Return a time as it goes into a row: UTC without a zone, as SQLAlchemy writes it to SQLite."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f") if moment is not None else None
