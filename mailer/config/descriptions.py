"""What the settings mean, in the user's language, and how these sentences come into the catalogue."""

import ast
import inspect
from collections.abc import Iterator
from typing import Any, BinaryIO

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mailer.i18n import _


def describe_setting(field: FieldInfo) -> str:
    """Return what a setting means; empty for a table, whose own words say it."""
    return _(field.description) if field.description else ""


def describe_table(table: type[BaseModel]) -> str:
    """Return what a table of config.toml is for."""
    words = inspect.cleandoc(table.__doc__ or "")
    return _(words) if words else ""


def extract_descriptions(
    stream: BinaryIO, keywords: Any, comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, Any, list[str]]]:
    """Yield the sentences of a module of settings; a Babel extraction method (`[extractors]` in its mapping).

    They are those marked as everywhere, each `description` of a field, and what the classes say of themselves.
    """
    for node in ast.walk(ast.parse(stream.read())):
        if isinstance(node, ast.ClassDef) and _is_table(node):
            yield node.lineno, "_", ast.get_docstring(node), []
        if isinstance(node, ast.Call):
            for one in node.keywords:
                if one.arg == "description" and isinstance(one.value, ast.Constant):
                    yield one.value.lineno, "_", one.value.value, []
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            words = [one.value for one in node.args if isinstance(one, ast.Constant)]
            if name in keywords and words:
                yield node.lineno, name, tuple(words) if len(words) > 1 else words[0], []


def _is_table(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "Table" for base in node.bases)
