"""Writes docs/config.md and config.zh.md from the settings' own help texts; test_docs.py fails when they differ.

`python -m tests.config_reference [zh_CN]` prints one of them.
"""

import sys
from collections.abc import Iterator
from datetime import time, timedelta
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from mailer.config import Config
from mailer.config.descriptions import describe_setting, describe_table
from mailer.i18n import current_language, use_language

HEAD = """\
# config.toml

Every key, from the program's own help texts (`make reference` writes this file). An unknown key is an error that
names the nearest known one. Durations are a number with a unit: `30s`, `10m`, `48h`, `2d`, `1w`. Secrets never stand
here: a password comes from an environment variable or from a file with mode 0600.
"""
HEAD_ZH = """\
# config.toml

全部设置项，取自程序自带的说明（由 `make reference` 写成）。写错的设置项会报错，并提示最接近的正确名称。时长写成数字加单位：`30s`、
`10m`、`48h`、`2d`、`1w`（秒、分、时、天、周）。密码一类的机密不写在这里：放在环境变量或权限为 0600 的文件里。
"""
WORDS_ZH = {
    "required": "必填",
    "not written": "不写",
    "key": "设置项",
    "default": "默认值",
    "meaning": "含义",
    "Top": "顶层",
}


def say(word: str) -> str:
    """Return a word of the document itself in the language that is spoken."""
    return WORDS_ZH[word] if current_language() == "zh_CN" else word


def show_default(field: FieldInfo) -> str:
    """Return a field's default as one would write it."""
    value = field.default
    if value is PydanticUndefined and field.is_required():
        return say("required")
    if value is PydanticUndefined:
        return "`{}`" if field.default_factory is dict else say("not written")
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
            if seconds >= size and seconds % size == 0 and not (unit == "d" and seconds < 4 * size):
                return f'`"{seconds // size}{unit}"`'
        return f'`"{seconds}s"`'
    if value is None:
        return say("not written")
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, time):
        return f'`"{value:%H:%M}"`'
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, tuple):
        return f"`[{', '.join(map(str, value))}]`"
    return f"`{value}`"


def table_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model behind a field that is a table of its own, or None."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def write_table(title: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield the lines of one table."""
    yield ""
    yield f"## {title}"
    yield ""
    yield describe_table(model)
    fields = {name: field for name, field in model.model_fields.items() if table_of(field.annotation) is None}
    if fields:
        yield ""
        yield f"| {say('key')} | {say('default')} | {say('meaning')} |"
        yield "|---|---|---|"
    for name, field in fields.items():
        meaning = describe_setting(field).replace("|", "\\|")
        yield f"| `{field.alias or name}` | {show_default(field)} | {meaning} |"


def write_tables(path: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield the lines of the tables within a table, and of those within them."""
    for name, field in model.model_fields.items():
        inner = table_of(field.annotation)
        if inner is None:
            continue
        place = f"{path}{name}"
        kind = str(field.annotation)
        title = f"[{place}.NAME]" if kind.startswith("dict") else f"[[{place}]]" if "..." in kind else f"[{place}]"
        yield from write_table(title, inner)
        yield from write_tables(f"{place}.", inner)


def write_reference(language: str = "en") -> str:
    """Return the whole document, in one of the languages."""
    before = current_language()
    use_language(language)
    try:
        lines = [*write_table(say("Top"), Config), *write_tables("", Config)]
    finally:
        use_language(before)
    return (HEAD_ZH if language == "zh_CN" else HEAD) + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(write_reference(*sys.argv[1:2]))
