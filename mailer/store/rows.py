"""Statements of the hot path: compiled once, run for many rows at a time.

Building a statement and its parameters anew costs more than running it. Where an answer is wanted for each row, the
rows go into one statement as a JSON array.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Insert,
    Select,
    String,
    Update,
    bindparam,
    cast,
    column,
    func,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction


class _Elements(GenericFunction[Any]):
    name = "json_array_elements"
    inherit_cache = True


@compiles(_Elements, "sqlite")
def _elements_of_sqlite(element: _Elements, compiler: Any, **options: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **options)})"


rows = func.json_array_elements(type_coerce(bindparam("rows", required=True), JSON)).table_valued(
    column("value", JSON), name="rows"
)


class Prepared:
    """A statement of the hot path, compiled once a dialect: building it anew costs more than running it.

    It holds no list of values (`in_`), whose length would change the text.
    """

    def __init__(self, statement: Update | Insert | Select[Any]) -> None:
        self._statement = statement
        self._compiled: dict[str, SQLCompiler] = {}
        self._binds: dict[str, Mapping[str, Callable[[Any], Any] | None]] = {}
        self._fixed: dict[str, dict[str, Any]] = {}

    def execute(self, connection: Connection, parameters: Mapping[str, object]) -> CursorResult[Any]:
        """Run it once, with parameters by name."""
        return connection.exec_driver_sql(*self._bind(connection.dialect, [parameters]))

    def execute_many(self, connection: Connection, parameters: Sequence[Mapping[str, object]]) -> None:
        """Run it for each row of parameters."""
        sql, values = self._bind(connection.dialect, parameters)
        connection.exec_driver_sql(sql, values)

    def _bind(self, dialect: Dialect, parameters: Sequence[Mapping[str, object]]) -> tuple[str, list[Any]]:
        if dialect.name not in self._compiled:
            self._compile(dialect)
        compiled, fixed = self._compiled[dialect.name], self._fixed[dialect.name]
        binds = [(name, process) for name, process in self._binds[dialect.name].items() if name not in fixed]
        rows: list[Any] = []
        for given in parameters:
            values = dict(fixed)
            for name, process in binds:
                value = given[name]
                values[name] = process(value) if process is not None else value
            rows.append(tuple([values[name] for name in compiled.positiontup or ()]) if compiled.positional else values)
        return compiled.string, rows

    def _compile(self, dialect: Dialect) -> None:
        compiled = self._statement.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        named = {name: bind for bind, name in compiled.bind_names.items()}
        binds = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in named.items()}
        fixed = {name: bind.effective_value for name, bind in named.items() if not bind.required}
        processed = {
            name: process(value) if (process := binds[name]) is not None else value for name, value in fixed.items()
        }
        self._compiled[dialect.name], self._binds[dialect.name] = compiled, binds
        self._fixed[dialect.name] = processed


def number_at(index: int) -> ColumnElement[int]:
    """The whole number in this place of a row."""
    return cast(rows.c.value[index].as_string(), BigInteger)


def text_at(index: int) -> ColumnElement[str]:
    """The text in this place of a row, or NULL."""
    return type_coerce(rows.c.value[index].as_string(), String)
