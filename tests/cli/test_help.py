"""Help texts say what they say: Rich, which draws them, takes a word in square brackets for a style."""

from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from rich.text import Text
from typer.testing import CliRunner

from mailer.cli.commands import app
from mailer.i18n import use_language


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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["suppressions", "add"], "ADDR is missing"),
        (["suppressions", "add", "x@y.example"], "--reason is missing"),
        (["bounces", "read"], "FILE… is missing"),
    ],
)
def test_what_is_missing_is_said_by_our_catalogue(words: list[str], said: str) -> None:
    use_language("en")
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 2
    assert said in done.output
    assert "Missing" not in done.output
