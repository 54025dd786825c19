"""Which forms are made, and what each list's edition holds of them."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from mailer.model.issue import Archive, Article, Section
from mailer.rendering.forms import Forms, render_forms
from tests.rendering.full_issue import FILES, make_full_issue
from tests.rendering.samples import TEMPLATES, make_config, paragraph

LISTS = ("government", "members")


def make(archive: Archive = Archive.OFF, attachments: tuple[str, ...] = (), **wanted: bool) -> Forms:
    config = make_config()
    members = config.lists["members"].model_copy(update={"attachments": attachments})
    config = config.model_copy(update={"lists": {**config.lists, "members": members}})
    issue = make_full_issue(archive=archive)
    return render_forms(issue, LISTS, config, TEMPLATES, FILES, **wanted)


def test_only_what_is_needed_is_made() -> None:
    forms = make()
    assert [edition.list_name for edition in forms.editions] == list(LISTS)
    assert (forms.page, forms.pdf, forms.wechat) == ("", b"", "")
    assert all(edition.page == "" and edition.attachments == () for edition in forms.editions)


def test_the_page_is_made_once_and_stands_in_every_edition_where_there_is_an_archive() -> None:
    forms = make(Archive.MEMBERS)
    assert "图文与注" in forms.page
    assert all(edition.page is forms.page for edition in forms.editions)


def test_a_page_that_was_asked_for_is_in_no_edition_while_the_archive_is_off() -> None:
    forms = make(others=True)
    assert "图文与注" in forms.page
    assert "图文与注" in forms.wechat
    assert all(edition.page == "" for edition in forms.editions)


def test_the_pdf_is_made_where_a_list_attaches_it_and_goes_with_that_list_only() -> None:
    forms = make(attachments=("pdf",))
    government, members = forms.editions
    assert forms.pdf.startswith(b"%PDF")
    assert [(one.media_type, one.content) for one in members.attachments] == [("application/pdf", forms.pdf)]
    assert government.attachments == ()
    assert make(attachments=("pdf",), pdf=False).pdf == b""


def test_where_nothing_has_a_title_no_form_has_contents() -> None:
    sections = (Section("", (Article("", (paragraph("只有一段。"),)),)),)
    issue = replace(make_full_issue(), sections=sections)
    forms = render_forms(issue, ["members"], make_config(language="zh_CN"), TEMPLATES, FILES, others=True)
    (edition,) = forms.editions
    shown = [*(part for part in (*edition.html, *edition.text) if isinstance(part, str)), forms.page, forms.wechat]
    assert "只有一段" in "".join(shown)
    assert "目录" not in "".join(shown)


def test_a_missing_pango_is_said_with_its_cure(tmp_path: Path) -> None:
    (tmp_path / "weasyprint.py").write_text("raise OSError(\"cannot load library 'libpango-1.0-0'\\nmore\")\n")
    code = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from mailer.errors import StateError\n"
        "from mailer.rendering.pdf import render_pdf\n"
        "from tests.rendering.samples import TEMPLATES, make_config, make_issue\n"
        "try: render_pdf(make_issue(), make_config(), TEMPLATES, {})\n"
        "except StateError as error: print(error.message, '|', error.cure)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True,
        cwd=TEMPLATES.parent, env={"LANG": "en_US.UTF-8", "PATH": "/usr/bin:/bin"}, timeout=60,
    )  # fmt: skip
    said, cure = done.stdout.split("|")
    assert "libpango-1.0-0" in said or "Pango" in said
    assert "apt-get install" in cure
    assert "more" not in said
