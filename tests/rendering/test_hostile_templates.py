"""Two dozen hostile templates, run as the program runs them: none leaks, none outlasts its limits (facts S01)."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.child import Child, Limits
from mailer.errors import InputError, LimitError, TemplateError
from mailer.rendering.edition import render_edition
from mailer.rendering.environment import read_templates, render_template
from tests.rendering.samples import TEMPLATES, make_config, make_issue

SECRET = "kept-from-templates"
NAME = "page.html.j2"

ESCAPES = [
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ cycler.__init__.__globals__.os.popen('id').read() }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ ('{0.__class__.__init__.__globals__}'|attr('format'))(range) }}",
    "{% set f='{0.__class__}'.format %}{{ [1]|map(f)|list }}",
    "{{ request.application.__globals__ }}",
    "{{ (issue|attr('__class__')).__base__ }}",
    "{{ range.__init__.__self__ }}",
    "{{ _.__wrapped__.__globals__ }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "{{ namespace.__init__.__globals__.sys.modules.os.environ }}",
]
LEAKS = [
    "{% include '/etc/passwd' %}",
    "{% include '../secret.html.j2' %}",
    "{% import 'os' as os %}{{ os.environ }}",
    "{% extends '../../../../etc/passwd' %}",
    "{{ config }}",
    "{{ env('PATH') }}",
    "{{ issue.delete() }}",
    "{{ issue }}",
]
EATERS = [
    "{{ 'a'*10**9 }}",
    "{{ 'a'|center(10**9) }}",
    "{{ 'a'.center(10**9) }}",
    "{{ 'a'.zfill(10**9) }}",
    "{{ '%s'|format('x'*10**9) }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ '{:>1000000000}'.format(1) }}",
    "{{ [1]*10**9 }}",
    "{{ dict(a=1)|tojson(indent=10**8) }}",
    "{{ ('a'*9999)|indent(10**8, true) }}",
    "{{ ('a'*9999)|replace('a', 'a'*9999)|replace('a', 'a'*9999) }}",
    "{{ 9**9**9 }}",
    "{{ (9**9**9)|string }}",
    "{{ range(10**9)|list }}",
    "{{ range(10**9)|join(',') }}",
    "{% set ns = namespace(x='aaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "{% set ns = namespace(x=[1]) %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor %}",
    "{% for i in range(9999) %}{% for j in range(9999) %}a{% endfor %}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% macro m(x) %}{{ x }}{{ m(x ~ x) }}{% endmacro %}{{ m('aaaaaaaa') }}",
    "{% include '" + NAME + "' %}",
    "{% extends '" + NAME + "' %}",
    "{{ ((((" * 3000,
    "{% if 1 %}" * 3000,
    "{{ 1 " + "+ 1 " * 30000 + "}}",
    "{{ 'a'|urlencode" + "|urlencode" * 3000 + " }}",
    "{{ (range(9999)|list)|batch(1, 'a'*9999)|list|length }}{{ [[1]*9999]*9999 }}",
    "{{ 'a'|truncate(10**10, true, 'b'*10**9) }}",
]
# they only take time, and nothing refuses that but the clock
NEVER_ENDING = [
    "{% for i in range(9999) %}{% for j in range(9999) %}{% for k in range(9999) %}{% endfor %}{% endfor %}{% endfor %}",
    "{% macro m(n) %}{% if n %}{{ m(n-1) }}{{ m(n-1) }}{% endif %}{% endmacro %}{{ m(60) }}",
    "{% set n = namespace(x=0) %}{% for i in range(9999) %}{% for j in range(9999) %}{% set n.x = 1 %}{% endfor %}{% endfor %}",
]


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    with Child(["mailer.rendering.edition"]) as child:
        yield child


def fill(folder: Path) -> str:
    return render_template(read_templates(folder), NAME, {"issue": {"title": "简报"}})


def fill_in_child(child: Child, tmp_path: Path, template: str, seconds: float) -> str:
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "secret.html.j2").write_text(SECRET)
    (folder / "theme.toml").touch()
    (folder / NAME).write_text(f"\n{template}", "utf-8")
    limits = Limits(seconds, 200, "Filling in the template", folder / NAME, "take loops out of it")
    return child.run(limits, fill, folder)


@pytest.mark.parametrize("template", ESCAPES + LEAKS)
def test_nothing_is_reached_from_a_template(child: Child, tmp_path: Path, template: str) -> None:
    with pytest.raises(TemplateError) as caught:
        fill_in_child(child, tmp_path, template, 5)
    error = caught.value
    assert str(error.file).endswith(NAME)
    assert error.line == 2
    assert error.cure
    assert SECRET not in str(error)
    assert "root:" not in str(error)


@pytest.mark.parametrize("template", EATERS)
def test_a_template_that_makes_much_of_little_is_refused(child: Child, tmp_path: Path, template: str) -> None:
    with pytest.raises((TemplateError, LimitError)) as caught:
        fill_in_child(child, tmp_path, template, 5)
    assert NAME in str(caught.value.file)
    assert caught.value.cure
    assert "longer than" not in str(caught.value), "it is refused at once, not by the clock"


@pytest.mark.parametrize("template", NEVER_ENDING)
def test_a_template_that_never_ends_is_ended(child: Child, tmp_path: Path, template: str) -> None:
    with pytest.raises(LimitError, match="Filling in the template takes longer than") as caught:
        fill_in_child(child, tmp_path, template, 0.4)
    assert str(caught.value.file).endswith(NAME)
    assert caught.value.cure == "take loops out of it"


def render(folder: Path) -> str:
    config = make_config()
    edition = render_edition(make_issue(), "members", config.lists["members"], config, folder)
    return "".join(part for part in edition.html if isinstance(part, str))


@pytest.mark.parametrize(
    "template",
    [
        "<mj-section>" * 20_000,
        "<mjml><mj-body>" + "<mj-section><mj-column><mj-text>a</mj-text></mj-column></mj-section>" * 30_000 + "</mj-body></mjml>",
        "<mjml><mj-body><mj-section><mj-column><mj-text>" + "<b>" * 50_000 + "</mj-text></mj-column></mj-section></mj-body></mjml>",
        "<mjml><mj-head><mj-include path='/etc/passwd' /></mj-head><mj-body></mj-body></mjml>",
        "<mjml><mj-body><mj-include path='../secret.html.j2' type='html' /></mj-body></mjml>",
    ],
)  # fmt: skip
def test_hostile_mjml_ends_in_an_error_and_includes_nothing(child: Child, tmp_path: Path, template: str) -> None:
    folder = Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))
    (tmp_path / "secret.html.j2").write_text(SECRET)
    (folder / "bulletin.mjml.j2").write_text(template, "utf-8")
    with pytest.raises(InputError) as caught:
        child.run(Limits(2, 300, "Rendering", folder / "bulletin.mjml.j2"), render, folder)
    assert "bulletin.mjml.j2" in str(caught.value.file)
    assert SECRET not in str(caught.value)
