"""A fault of the MJML names the template line that put it out, through parts, loops, macros and values."""

import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.errors import TemplateError
from mailer.rendering.edition import render_edition
from mailer.rendering.environment import read_templates, render_template
from mailer.rendering.sentinels import Manifest, SlotGroup, make_nonce
from mailer.rendering.tracing import trace_template
from tests.rendering.samples import TEMPLATES, make_config, make_issue

CONFIG = make_config()

PAGE = """\
{# a note
over two lines #}
<mjml lang="zh">
<mj-body>
{% from "parts/blocks.mjml.j2" import show with context %}
{% for item in items %}
{% include "parts/item.mjml.j2" %}
{% endfor %}
  {%- if items -%}
  <mj-section><mj-column><mj-text>
  {{ show(items) }}
  {{ title }}</mj-text></mj-column></mj-section>
  {%- endif %}
</mj-body>
</mjml>
"""
ITEM = """\
<mj-section>
{% if item %}
<mj-column><mj-text>{{ item }}
</mj-text></mj-column>
{% endif %}
</mj-section>
"""
BLOCKS = """\
{% macro show(items) %}
{% for item in items %}
<p>{{ item }}</p>
{% endfor %}
{% endmacro %}
"""
VALUES = {"items": ["甲", "乙\ufdd00:1\ufdd1"], "title": "\ufdd01:0\ufdd1"}


def write(folder: Path, **parts: str) -> None:
    (folder / "parts").mkdir(exist_ok=True)
    (folder / "theme.toml").touch()
    (folder / "page.mjml.j2").write_text(parts.get("page", PAGE), "utf-8")
    (folder / "parts" / "item.mjml.j2").write_text(parts.get("item", ITEM), "utf-8")
    (folder / "parts" / "blocks.mjml.j2").write_text(parts.get("blocks", BLOCKS), "utf-8")


def test_every_character_comes_from_the_line_that_wrote_it(tmp_path: Path) -> None:
    write(tmp_path)
    templates = read_templates(tmp_path)
    plain = render_template(templates, "page.mjml.j2", VALUES)
    trace = trace_template(templates, "page.mjml.j2", VALUES, plain)
    assert trace.text == plain  # the marks change nothing, and leave no trace, whatever the values hold
    expected = [
        ("<mjml", "page.mjml.j2", 3),
        ("<mj-body>", "page.mjml.j2", 4),
        ("<mj-section>\n<mj-column>", "parts/item.mjml.j2", 1),
        ("<mj-column><mj-text>甲", "parts/item.mjml.j2", 3),
        ("甲", "parts/item.mjml.j2", 3),
        ("\n</mj-text></mj-column>\n", "parts/item.mjml.j2", 3),
        ("</mj-text></mj-column>\n", "parts/item.mjml.j2", 4),
        ("<mj-section><mj-column><mj-text>", "page.mjml.j2", 10),
        ("<p>甲", "parts/blocks.mjml.j2", 3),
        ("甲</p>", "parts/blocks.mjml.j2", 3),
        ("</p>\n<p>", "parts/blocks.mjml.j2", 3),
        ("\ufdd01:0", "page.mjml.j2", 12),
        ("</mj-text></mj-column></mj-section>", "page.mjml.j2", 12),
        ("</mj-body>", "page.mjml.j2", 14),
        ("</mjml>", "page.mjml.j2", 15),
    ]
    for text, file, line in expected:
        place = trace.place_at(plain.index(text))
        assert (place.file, place.line) == (str(tmp_path / file), line), text


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(st.text(st.sampled_from("\ufdd0\ufdd1019:甲<&\n "), max_size=12), max_size=3))
def test_no_value_can_pass_for_a_mark(tmp_path: Path, items: list[str]) -> None:
    write(tmp_path)
    templates = read_templates(tmp_path)
    values = {"items": items, "title": "".join(items)}
    plain = render_template(templates, "page.mjml.j2", values)
    trace = trace_template(templates, "page.mjml.j2", values, plain)
    assert trace.text == plain
    assert trace.place_at(len(plain) - 1).line == 15


def test_a_template_that_measures_its_own_output_is_still_traced(tmp_path: Path) -> None:
    page = "{% set x %}<p>a</p>\n{% endset %}\n{{ x | length }}\n\n<b>here</b>\n"
    write(tmp_path, page=page)
    templates = read_templates(tmp_path)
    plain = render_template(templates, "page.mjml.j2", VALUES)
    trace = trace_template(templates, "page.mjml.j2", VALUES, plain)
    assert trace.text != plain
    assert trace.place_of(plain, plain.index("<b>")).line == 5
    assert trace.place_of("something else", 3).line is None


def test_the_values_of_readers_are_the_same_the_second_time(tmp_path: Path) -> None:
    write(tmp_path, page="\n{{ recipient.name }}\n{{ links.unsubscribe }}\n<b>")
    templates = read_templates(tmp_path)

    def values() -> dict[str, SlotGroup]:
        manifest = Manifest(make_nonce("x"))
        return {name: SlotGroup(name, manifest) for name in ("recipient", "links")}

    plain = render_template(templates, "page.mjml.j2", values())
    assert trace_template(templates, "page.mjml.j2", values(), plain).text == plain


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


@pytest.mark.parametrize(
    ("file", "old", "new", "said", "cure"),
    [
        (
            "parts/article.mjml.j2",
            "<mj-text",
            "<mj-txt",
            "mj-txt",
            "mj-text",
        ),  # in a loop over articles, in one over sections
        ("parts/article.mjml.j2", "</mj-text>", "</mj-texts>", "closes nothing", ""),
        ("parts/blocks.mjml.j2", "<blockquote", "<b><blockquote", "<b> is not closed", "</b>"),
        ("parts/table.mjml.j2", "<caption>", "<capton>", "capton", "caption"),
        ("parts/masthead.mjml.j2", "<mj-divider css-class", "<mj-divider css-clas", "css-clas", "css-class"),
        ("parts/footer.mjml.j2", "<mj-text", "<mj-column", "mj-column", ""),
        ("bulletin.mjml.j2", "<mj-body ", "<mj-body colour='x' ", "colour", ""),
        ("parts/section.mjml.j2", "<mj-divider ", "<mj-divider align=left ", "align is not quoted", 'align="…"'),
        ("parts/contents.mjml.j2", "<h2", "1 < 2<h2", "bare <", "&lt;"),
        ("parts/styles.css.j2", "p { margin", "@import url(x); p { margin", "@import", "data-premailer"),
    ],
)
def test_a_fault_in_a_part_names_the_part_and_its_line(
    templates: Path, file: str, old: str, new: str, said: str, cure: str
) -> None:
    path = templates / file
    text = path.read_text("utf-8")
    if old not in text:
        pytest.fail(f"{file} no longer holds {old}")
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(TemplateError) as caught:
        render_edition(make_issue(), "members", CONFIG.lists["members"], CONFIG, templates)
    assert said in caught.value.message
    assert cure in caught.value.cure
    assert (str(caught.value.file), caught.value.line) == (str(path), text[: text.index(old)].count("\n") + 1)


def test_a_fault_only_the_engine_sees_names_the_part_and_its_line_too(templates: Path) -> None:
    path = templates / "parts" / "section.mjml.j2"
    text = path.read_text("utf-8").rstrip("\n")
    path.write_text(text + "\n\n<mj-divider><!-- x --></mj-divider>\n", "utf-8")
    with pytest.raises(TemplateError, match="not well formed") as caught:
        render_edition(make_issue(), "members", CONFIG.lists["members"], CONFIG, templates)
    assert (str(caught.value.file), caught.value.line) == (str(path), text.count("\n") + 3)
