"""Each collected layout yields what it has: the expectation stands beside it in layouts/, and is read like a page."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailer.model.issue import (
    Block,
    Heading,
    ImportRemark,
    Issue,
    ListBlock,
    Notice,
    Paragraph,
    Picture,
    Quote,
    Row,
    Table,
    plain_text,
)
from mailer.sources.import_file import ImportedDocument, import_document
from mailer.sources.issue_folder import format_issue, parse_issue, tidy_issue, without_lines

EXPECTED = Path(__file__).parent / "layouts"
NAMES = sorted(file.stem for file in EXPECTED.glob("*.yaml"))
OWN = "own-"  # layouts of ours, beside their expectation


def describe(issue: Issue, remarks: Iterable[ImportRemark]) -> dict[str, Any]:
    """What an import made, as plain values that YAML can hold; what is empty is left out."""
    return {
        "slug": issue.slug,
        "masthead": _fields(issue.masthead),
        "sections": [
            {
                "section": section.title,
                **({"text": _blocks(section.blocks)} if section.blocks else {}),
                "articles": {article.title: _blocks(article.blocks) for article in section.articles},
            }
            for section in issue.sections
        ],
        "circulation": {line.role.value: list(line.bodies) for line in issue.circulation},
        "imprint": _fields(issue.imprint),
        "remarks": [f"{remark.line}: {remark.text}" for remark in remarks],
    }


def _fields(value: Any) -> dict[str, Any]:
    named = {name: getattr(value, name) for name in value.__dataclass_fields__}
    return {name: part for name, part in named.items() if part not in ("", None)}


def _blocks(blocks: Iterable[Block]) -> list[Any]:
    return [_block(block) for block in blocks]


def _block(block: Block) -> Any:
    match block:
        case Paragraph(content):
            return plain_text(content)
        case Heading(level, text):
            return {f"heading {level}": text}
        case ListBlock(ordered, items):
            return {"numbered" if ordered else "list": [_blocks(item) for item in items]}
        case Quote(inner):
            return {"quote": _blocks(inner)}
        case Notice(label, inner):
            return {label: _blocks(inner)}
        case Table(_caption, head, body):
            return {"head": [_row(row) for row in head], "body": [_row(row) for row in body]}
        case Picture(file):
            return {"picture": file}


def _row(row: Row) -> str:
    cells = [cell.text + _span("↓", cell.rowspan) + _span("→", cell.colspan) for cell in row.cells]
    return ("= " if row.total else "") + " | ".join(cells)


def _span(sign: str, count: int) -> str:
    return f"{sign}{count}" if count > 1 else ""


def read(name: str, samples: Path) -> ImportedDocument:
    folder = EXPECTED if name.startswith(OWN) else samples / "bulletin-layouts"
    return import_document(folder / f"{name}.txt", None)


def test_every_collected_layout_has_its_expectation(samples: Path) -> None:
    lines = ("08_", "10_")  # lists of lines, cases of test_collected_lines
    layouts = {file.stem for file in (samples / "bulletin-layouts").iterdir() if not file.name.startswith(lines)}
    assert layouts == {name for name in NAMES if not name.startswith(OWN)}


@pytest.mark.parametrize("name", NAMES)
def test_a_layout_yields_what_it_has(name: str, samples: Path) -> None:
    document = read(name, samples)
    expected = yaml.safe_load((EXPECTED / f"{name}.yaml").read_text("utf-8"))
    assert describe(document.issue, document.remarks) == expected
    assert document.files == {}


@pytest.mark.parametrize("name", NAMES)
def test_what_a_layout_yields_is_an_issue_that_can_be_written(name: str, samples: Path) -> None:
    issue = read(name, samples).issue
    file = Path("issue.md")
    again = parse_issue(format_issue(issue, file), file=file, slug=issue.slug)
    assert without_lines(again) == without_lines(tidy_issue(issue))
