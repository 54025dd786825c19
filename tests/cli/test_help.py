"""Help texts say what they say: Rich, which draws them, takes a word in square brackets for a style."""

from collections.abc import Iterator
from typing import Any

import typer.main
from rich.text import Text

from mailer.cli.commands import app


def texts_of(command: Any, name: str) -> Iterator[tuple[str, str]]:
    """Every text of a command and of those below it, with the command's name."""
    for text in (command.help, command.epilog, command.short_help):
        yield name, text or ""
    for param in command.params:
        yield f"{name} {param.name}", getattr(param, "help", None) or ""
    for below, one in getattr(command, "commands", {}).items():
        yield from texts_of(one, f"{name} {below}")


def test_no_word_of_a_help_text_is_eaten() -> None:
    texts = list(texts_of(typer.main.get_command(app), "mailer"))
    assert len(texts) > 300
    eaten = [(name, text) for name, text in texts if Text.from_markup(text).plain != text.replace("\\[", "[")]
    assert eaten == []
