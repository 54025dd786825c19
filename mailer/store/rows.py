"""Statements of the hot path, compiled once and run for many rows: building one anew costs more than running it."""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Insert,
    Update,
    bindparam,
    literal_column,
)
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

from mailer.store.schema import UtcTime

_Process = Callable[[Any], Any] | None


def given(name: str, kind: TypeEngine[Any] | type[TypeEngine[Any]]) -> BindParameter[Any]:
    """A value that each row gives by this name."""
    return bindparam(name, type_=kind, required=True)


def written_out(state: StrEnum) -> ColumnElement[str]:
    """A state in the statement's text, not bound to it.

    SQLite plans a statement anew for each value bound to a column that a partial index names.
    """
    return literal_column(f"'{state.value}'")


class Prepared:
    """A statement whose values are `given`; it holds no list of values (`in_`), which would change its text."""

    def __init__(self, statement: Update | Insert) -> None:
        self._statement = statement
        self._compiled: dict[str, tuple[SQLCompiler, list[tuple[str, bool, _Process, Any]]]] = {}

    def execute_many(self, connection: Connection, rows: Sequence[Mapping[str, object]]) -> CursorResult[Any]:
        """Run it for each row; the result's rowcount is of all of them."""
        name = connection.dialect.name
        compiled, places = self._compiled.get(name) or self._compile(connection.dialect)
        values: list[Any] = [
            [
                fixed if not is_given else row[key] if process is None else process(row[key])
                for key, is_given, process, fixed in places
            ]
            for row in rows
        ]
        if compiled.positional:
            return connection.exec_driver_sql(compiled.string, [tuple(one) for one in values])
        keys = [place[0] for place in places]
        return connection.exec_driver_sql(compiled.string, [dict(zip(keys, one, strict=True)) for one in values])

    def _compile(self, dialect: Dialect) -> tuple[SQLCompiler, list[tuple[str, bool, _Process, Any]]]:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        named = {name: bind for bind, name in compiled.bind_names.items()}
        order = compiled.positiontup if compiled.positional else list(named)
        places: list[tuple[str, bool, _Process, Any]] = []
        for name in order or ():
            bind = named[name]
            process: _Process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if process is not None and isinstance(bind.type, UtcTime):
                process = _remembering(process)
            fixed = None
            if not bind.required:
                fixed = process(bind.effective_value) if process is not None else bind.effective_value
            places.append((name, bind.required, process, fixed))
        self._compiled[dialect.name] = compiled, places
        return self._compiled[dialect.name]


def _remembering(process: Callable[[Any], Any]) -> Callable[[Any], Any]:
    # rows of one group have the same times, and to write one takes as long as the rest of its row
    return lru_cache(maxsize=64)(process)
