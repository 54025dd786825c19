"""templates/README.md tells staff of every template, and of every value a template may use."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from mailer.rendering.environment import TEXT_FILTERS
from mailer.rendering.pictures import prepare_pictures
from mailer.rendering.qr import draw_qr
from mailer.rendering.values import issue_values
from mailer.sources.issue_files import load_files
from mailer.sources.issue_folder import load_issue
from tests.conftest import REPOSITORY
from tests.rendering.samples import TEMPLATES, make_config

README = (TEMPLATES / "README.md").read_text("utf-8")
WORDS = set(re.findall(r"[A-Za-z_]+", " ".join(re.findall(r"`([^`]+)`", README))))


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_every_value_of_an_issue_is_told() -> None:
    folder = REPOSITORY / "tests" / "golden" / "01-everything"
    issue = load_issue(folder)
    pictures = prepare_pictures(issue, load_files(folder, issue), make_config().pictures)
    values = issue_values(issue, str, pictures, qr=draw_qr(issue.imprint.qr))
    found = set(keys(values))
    assert len(found) > 60
    assert found - WORDS == set()


def test_every_value_the_templates_use_is_told() -> None:
    used: set[str] = set()
    for file in TEMPLATES.rglob("*.j2"):
        for expression in re.findall(r"\{[{%](.*?)[%}]\}", file.read_text("utf-8"), re.DOTALL):
            used |= set(re.findall(r"\b(?:issue|imprint|list|sender|recipient|links)\.([a-z_]+)", expression))
    assert len(used) > 20
    assert used - WORDS == set()


@pytest.mark.parametrize(
    "name", [*TEXT_FILTERS, "has_salutation", "salutation", "subject", "view", "page_url", "leave"]
)
def test_filters_and_what_stands_beside_the_issue_are_told(name: str) -> None:
    assert name in WORDS


def test_every_template_is_told() -> None:
    for file in TEMPLATES.rglob("*.j2"):
        name = file.name.removesuffix(".j2")
        assert name in README or (file.parent.name == "parts" and name.removesuffix(".mjml") in WORDS), file
