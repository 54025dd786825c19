"""Issues in tests/golden/ become exactly the HTML and text that lie beside them.

After a wanted change: `GOLDEN=write pytest tests/rendering/test_golden.py`, then read the difference before it is
committed. A case is a folder with issue.md, its pictures, config.toml (what differs from the tests' own settings), and
what is expected: expected.html, broken into lines for reading, and expected.txt.
"""

import os
import re
import tomllib
from pathlib import Path

import pytest

from mailer.model.edition import Edition, fill_segments
from mailer.rendering.edition import render_edition
from mailer.sources.issue_files import load_files
from mailer.sources.issue_folder import load_issue
from tests.conftest import REPOSITORY
from tests.rendering.samples import TEMPLATES, VALUES, make_config

GOLDEN = REPOSITORY / "tests" / "golden"
CASES = sorted(folder.name for folder in GOLDEN.iterdir() if (folder / "issue.md").is_file())
_BEFORE_BLOCKS = re.compile(r"\n*(?=<(?:p|h\d|table|thead|tbody|tr|li|ul|ol|div|img|style|blockquote|!--\[if)\b)")


def render_case(name: str) -> Edition:
    folder = GOLDEN / name
    issue = load_issue(folder)
    config = make_config(**tomllib.loads((folder / "config.toml").read_text("utf-8")))
    return render_edition(issue, "members", config.lists["members"], config, TEMPLATES, load_files(folder, issue))


def show_html(edition: Edition) -> str:
    """Return the filled HTML with pictures by name: their octets are the picture library's affair."""
    html = fill_segments(edition.html, VALUES)
    for asset in edition.inline:
        html = html.replace(f"cid:{asset.cid}", f"cid:{asset.name}")
    for asset in edition.hosted:
        html = re.sub(rf"/p/{asset.sha256}\.\w+", f"/p/{asset.name}", html)
    return _BEFORE_BLOCKS.sub("\n", html)


def show_text(edition: Edition) -> str:
    return f"Subject: {fill_segments(edition.subject, VALUES)}\n\n{fill_segments(edition.text, VALUES)}"


@pytest.mark.parametrize("name", CASES)
def test_an_issue_becomes_the_mail_that_lies_beside_it(name: str) -> None:
    edition = render_case(name)
    for file, got in (("expected.html", show_html(edition)), ("expected.txt", show_text(edition))):
        path = GOLDEN / name / file
        if os.environ.get("GOLDEN") == "write":
            path.write_text(got, "utf-8")
        assert got.splitlines() == path.read_text("utf-8").splitlines(), f"{Path(name) / file}: see {__name__}"


def test_the_cases_hold_every_kind_of_block() -> None:
    html = "".join(show_html(render_case(name)) for name in CASES)
    for mark in ("box", "figures", "picture", "legend", "source", "note", "quote", "list", "heading3", "heading4",
                 "secrecy", "printed", "code", "view", "ragged", "wide"):  # fmt: skip
        assert f'class="{mark}' in html or f' {mark}"' in html, mark
