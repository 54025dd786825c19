"""Templates reach nothing but plain values and their own folder; every fault of theirs names file and line."""

import re
import shutil
from pathlib import Path

import pytest

from mailer.errors import TemplateError
from mailer.rendering.edition import render_edition
from mailer.rendering.environment import read_templates, render_template
from mailer.rendering.mjml_grammar import HTML_NAMES
from tests.rendering.samples import TEMPLATES, make_config, make_issue

CONFIG = make_config()


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def render_issue(folder: Path) -> None:
    render_edition(make_issue(), "members", CONFIG.lists["members"], CONFIG, folder)


def render_line(folder: Path, line: str) -> str:
    (folder / "theme.toml").touch()
    (folder / "page.txt.j2").write_text(f"\n{line}", "utf-8")
    return render_template(read_templates(folder), "page.txt.j2", {"issue": {"title": "简报"}})


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__ }}",
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ issue.__class__ }}",
        "{{ issue['__class__'] }}",
        "{{ issue.items() }}",
        "{{ issue.update({'title': 'x'}) }}",
        "{{ self.__init__.__globals__ }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ _.__globals__ }}",
        "{{ range.__self__ }}",
        "{{ (issue | map('attr', '__class__')) | first }}",
        "{{ ['__class__'] | map('format') | first }}",
        "{{ '{0.__class__}'.format(issue.title) }}",
        "{{ lipsum.__globals__ }}",
        "{{ cycler.__init__ }}",
        "{{ config }}",
        "{{ range(999999) }}",
        "{{ issue }}",
        "{{ issue.title.__len__ }}",
        "{{ issue | tojson }}",
        "{% include '../secret.txt.j2' %}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{{ 1 / 0 }}",
        "{{ issue.number }}",
        "{{ issue.title | nosuch }}",
        "{% if %}",
        "{{ 'x' ",
    ],
)
def test_an_attack_or_a_fault_is_an_error_with_its_line(tmp_path: Path, attack: str) -> None:
    folder = tmp_path / "templates"
    folder.mkdir()
    (tmp_path / "secret.txt.j2").write_text("secret")
    with pytest.raises(TemplateError) as caught:
        render_line(folder, attack)
    assert caught.value.file == str(folder / "page.txt.j2")
    assert caught.value.line == 2
    assert caught.value.cure


def test_a_link_out_of_the_folder_is_refused(templates: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (templates / "leak.txt.j2").symlink_to(tmp_path / "secret")
    with pytest.raises(TemplateError, match="leads out"):
        read_templates(templates)


def test_a_missing_template_is_named_with_its_cure(templates: Path) -> None:
    (templates / "bulletin.txt.j2").unlink()
    with pytest.raises(TemplateError) as caught:
        render_issue(templates)
    assert "bulletin.txt.j2" in str(caught.value)
    assert str(templates / "bulletin.txt.j2") in caught.value.cure


def test_a_missing_theme_is_said_as_such(templates: Path) -> None:
    (templates / "theme.toml").unlink()
    with pytest.raises(TemplateError, match="theme is missing") as caught:
        render_issue(templates)
    assert caught.value.file == templates / "theme.toml"


def test_a_missing_part_is_named_with_the_line_that_wants_it(templates: Path) -> None:
    (templates / "parts" / "article.mjml.j2").unlink()
    with pytest.raises(TemplateError) as caught:
        render_issue(templates)
    assert caught.value.file == str(templates / "parts" / "section.mjml.j2")
    wanted = (templates / "parts" / "section.mjml.j2").read_text("utf-8").splitlines()[(caught.value.line or 0) - 1]
    assert "parts/article.mjml.j2" in wanted


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as caught:
        render_issue(tmp_path / "templates")
    assert caught.value.file == tmp_path / "templates"


def test_a_fault_in_a_part_names_the_part(templates: Path) -> None:
    part = templates / "parts" / "masthead.mjml.j2"
    part.write_text(part.read_text("utf-8") + "{{ issue.organization }}\n", "utf-8")
    with pytest.raises(TemplateError) as caught:
        render_issue(templates)
    assert caught.value.file == str(part)
    assert caught.value.line == len(part.read_text("utf-8").splitlines())
    assert "organization" in str(caught.value)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("{{ issue.titel }}", "no value titel here; did you mean title?"),
        ("{{ isue.title }}", "no value isue here"),
        ("{{ issue.sections[7] }}", "no value 7 here"),
    ],
)
def test_an_unknown_value_is_said_in_plain_words(templates: Path, wrong: str, said: str) -> None:
    (templates / "subject.txt.j2").write_text(f"\n{wrong}", "utf-8")
    with pytest.raises(TemplateError, match=re.escape(said)) as caught:
        render_issue(templates)
    assert caught.value.line == 2


@pytest.mark.parametrize(
    ("theme", "said"),
    [
        ("[colour]\nred = 'a;} b {'", "colour.red"),
        ("[font]\nbody = '\"X\"'", "font.body"),
        ("red = 'x'", "red"),
        ("[colour\n", "TOML"),
        ("[colour]\nred = ['x']", "colour.red"),
        ("[size]\n\nbody = '16px'", "theme.toml:3: size.body"),
        ("[size]\nbody = true", "theme.toml:2: size.body"),
        ("[colour]\nred = 'rouge'", "theme.toml:2: colour.red"),
        ("[dark]\nred = '#12345'", "theme.toml:2: dark.red"),
    ],
)
def test_a_theme_value_cannot_break_out_of_its_style(templates: Path, theme: str, said: str) -> None:
    (templates / "theme.toml").write_text(theme, "utf-8")
    with pytest.raises(TemplateError, match=said):
        read_templates(templates)


def test_a_template_that_is_not_utf_8_is_named(templates: Path) -> None:
    (templates / "subject.txt.j2").write_bytes("简报".encode("gb18030"))
    with pytest.raises(TemplateError) as caught:
        render_issue(templates)
    assert caught.value.file == templates / "subject.txt.j2"


def test_a_change_of_a_template_counts_at_once(templates: Path) -> None:
    (templates / "subject.txt.j2").write_text("甲", "utf-8")
    config = CONFIG.lists["members"]
    first = render_edition(make_issue(), "members", config, CONFIG, templates)
    (templates / "subject.txt.j2").write_text("乙 {{ recipient.name }}", "utf-8")
    second = render_edition(make_issue(), "members", config, CONFIG, templates)
    assert first.subject == ("甲",)
    assert second.subject[0] == "乙 "


@pytest.mark.parametrize("sheet", sorted(TEMPLATES.rglob("*.css.j2")), ids=lambda sheet: sheet.name)
def test_a_style_sheet_names_elements_that_exist(sheet: Path) -> None:
    css = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}|/\*.*?\*/", "", sheet.read_text("utf-8"), flags=re.DOTALL)
    selectors = [head for head in re.findall(r"([^{};]+)\{", css) if not head.strip().startswith("@")]
    named = {name for head in selectors for name in re.findall(r"(?<![\w.#:(-])[a-z][a-z0-9]*", head)}
    assert named
    assert named <= HTML_NAMES | {"header", "footer", "main", "nav", "figure", "figcaption", "body", "html"}
