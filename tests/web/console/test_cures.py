"""No page tells a clerk to type a command: whatever the house advises, the console says by its own means."""

import ast
import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.routing import Match, Router

import mailer
from mailer.errors import StateError
from mailer.i18n import Sentence, _, use_language
from mailer.web.console.app import create_console
from mailer.web.console.cures import COMMANDS, CURES, cure_of, say_error, say_here
from tests.web.console.office import Office, text_of

PACKAGE = Path(mailer.__file__).parent
# what no page of the console shows: the command line itself, mail to the staff, files for the system, a preview of one's own
ELSEWHERE = ("cli", "demo", "ops/notices.py", "ops/unit.py", "rendering/preview.py", "web/api")
NO_FOLDER = "make one with `mailer new DIR`, or name it with -C DIR or MAILER_HOME"  # without one there is no console


def messages() -> Iterator[tuple[str, str]]:
    """Every message of the catalogue in the code, and where it is."""
    for path in sorted(PACKAGE.rglob("*.py")):
        place = path.relative_to(PACKAGE).as_posix()
        if place.startswith(ELSEWHERE):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("_", "N_"):
                for one in node.args:
                    if isinstance(one, ast.Constant) and isinstance(one.value, str):
                        yield one.value, place


def names_in(text: str) -> set[str]:
    return {name for _text, name, _spec, _kind in string.Formatter().parse(text) if name}


def test_every_advice_that_names_a_command_has_a_form_of_the_console() -> None:
    known = dict(messages())
    named = {message: place for message, place in known.items() if COMMANDS.search(message)}
    assert len(named) > 50, "the test reads the code"
    missing = {message: place for message, place in named.items() if message not in {*CURES, NO_FOLDER}}
    assert not missing, "write a form for the console in mailer/web/console/cures.py"
    assert not set(CURES) - set(known), "forms of what nobody says any more"


def test_the_consoles_own_words_name_no_command_and_nothing_unknown() -> None:
    for message, here in CURES.items():
        assert not COMMANDS.search(here.words), here
        assert names_in(here.words + here.path) <= names_in(message), (message, here)


def test_the_pages_that_are_named_are_there(office: Office) -> None:
    router = Router(create_console(office.house).routes)
    for here in CURES.values():
        path = here.path.partition("?")[0].format(slug="2020-07", id=1)
        scope = {"type": "http", "method": "GET", "path": path, "headers": []}
        assert not path or any(route.matches(scope)[0] is Match.FULL for route in router.routes), here.path


@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_a_sentence_is_known_in_every_language_and_inside_another(language: str) -> None:
    use_language(language)
    inner = _("none yet; `mailer import FILE`")
    told = say_here(_("here are: {slugs}").format(slugs=inner))
    assert "`mailer" not in told.words
    assert say_here(_("none yet; `mailer import FILE`")).words in told.words
    linked = say_here(_("`mailer submit {slug} --as NAME`").format(slug="2020/07?"))
    assert linked.path == "/issues/2020/07%3F"
    use_language("en")


def test_a_place_is_said_without_the_folders_of_the_machine() -> None:
    error = StateError("it is empty", file=Path("/srv/news/issues/2020-07/issue.md"), line=3, field="--reason")
    assert say_error(error) == "issue.md, line 3: it is empty"
    assert str(cure_of(error)) == ""
    assert isinstance(_("it rests"), Sentence)


def test_a_walk_through_refusals_shows_no_command(office: Office) -> None:
    office.house.lists.sync()
    answers = [
        office.approver.act("/issues/2020-07/approve", 422),
        office.sender.act("/mailings/99/pause", 422),
        office.sender.act("/mailings/99/hold", 422),
        office.editor.act("/issues/2020-07/proof", 422, to="", list="members"),
        office.approver.act("/issues/2020-07/return", 422, opinion=""),
        office.editor.act("/contacts/join", 422, address="a@b.example", list="members", source="letter"),
        office.editor.act("/contacts/change", 422, address="nobody@b.example", city="宁波"),
        office.editor.act("/contacts/leave", 422, address="reader@firm1.example", list="members", reason=""),
        office.sender.act("/suppressions/add", 422, address="reader@firm1.example", reason=""),
        office.sender.act("/suppressions/lift", 422, address="reader@firm1.example", reason="x"),
        office.editor.act("/imports/undo", 422, number="99"),
        office.admin.act("/users/add", 422, name="拟稿", role="editor", password=""),
        office.admin.act("/users/add", 422, name="新人", password=""),
        office.admin.act("/users/change", 422, name="无人", role="editor"),
    ]
    pages = [one.text for one in answers]
    for issue, name in (("2020-07", "members"), ("1999-01", "members"), ("2020-07", "nobody")):
        pages.append(office.sender.get("/mailings/check", 422, issue=issue, list=name, when="now"))
    pages += [office.admin.get(path) for path in ("/", "/lists?look=sync", "/returned", "/relays")]
    pages.append(office.admin.get("/settings").partition("<details")[0])  # below stand what config.toml may say
    pages += [office.editor.get("/issues/1999-01", 422), office.editor.get("/contacts/show?address=x@y.example", 422)]
    for page in pages:
        said = text_of(page)
        assert not COMMANDS.search(said), re.findall(r".{0,80}(?:`mailer |--[a-z]).{0,80}", said)
    assert '<a href="/issues/2020-07">it is submitted first</a>' in pages[0] or "/issues/2020-07" in pages[0]
