"""A template cannot make much out of little: what would eat memory or time is refused at once, with its line."""

from pathlib import Path

import pytest

from mailer.errors import TemplateError
from mailer.rendering.environment import read_templates, render_template

VALUES = {"text": "简报", "items": ["甲", "乙"], "n": 3}


def render(folder: Path, source: str, name: str = "page.mjml.j2") -> str:
    (folder / "theme.toml").touch()
    (folder / name).write_text("\n" + source, "utf-8")
    return render_template(read_templates(folder), name, VALUES)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ 'x' * 1000000000 }}", "too large"),
        ("{{ 1000000000 * 'x' }}", "too large"),
        ("{{ ('x' * 9000) * 9000 }}", "too large"),
        ("{{ ([0] * 1000000000) | length }}", "too large"),
        ("{{ ([0] * 9999 * 999) | length }}", "too large"),
        ("{{ 9 ** 9 ** 9 }}", "too large"),
        ("{{ n ** 999999999 }}", "too large"),
        ("{{ (2 ** 200) * (2 ** 200) }}", "too large"),
        ("{% for i in range(1000000000) %}x{% endfor %}", "too large"),
        ("{% for i in range(99999) %}x{% endfor %}", "too large"),
        ("{{ text.center(1000000000) }}", "center"),
        ("{{ text.ljust(1000000000) }}", "ljust"),
        ("{{ text.zfill(1000000000) }}", "zfill"),
        ("{{ '\\t'.expandtabs(1000000000) }}", "expandtabs"),
        ("{{ text.join(items) }}", "join"),
        ("{{ text.replace('简', text) }}", "replace"),
        ("{{ '{:>1000000000}'.format(text) }}", "format"),
        ("{{ '{x:>1000000000}'.format_map({'x': 1}) }}", "format_map"),
        ("{{ text.encode() | length }}", "encode"),
        ("{{ '%1000000000d' % n }}", "%"),
        ("{{ text | center(1000000000) }}", "center"),
        ("{{ text | indent(1000000000) }}", "indent"),
        ("{{ '%1000000000d' | format(n) }}", "format"),
        ("{{ '-' | rule(1000000000) }}", "too large"),
        ("{{ text | centre(1000000000) }}", "too large"),
        ("{{ text | spread(text, columns=1000000000) }}", "too large"),
        ("{{ 1.5 | round(1000000000) }}", "too large"),
        ("{{ items | batch(1000000000, 0) | list }}", "too large"),
        ("{{ items | slice(1000000000) | list }}", "too large"),
        ("{{ ('x' * 9999) | replace('x', 'y' * 9999) }}", "too large"),
        ("{{ (['x' * 9999] * 9999) | join }}", "too large"),
        ("{{ (['x'] * 9999) | join('y' * 9999) }}", "too large"),
        ("{{ (['x' * 9999] * 9999) | map('upper') | join }}", "too large"),
        ("{{ ([[0] * 9999] * 9999) | string }}", "not text"),
        ("{{ ([[0] * 9999] * 9999) | join }}", "not text"),
        ("{{ [items] ~ '' }}", "not text"),
        ("{{ ([[0]] * 9999) | sum(start=[]) }}", "only numbers"),
        ("{{ (n).to_bytes(1000000000) }}", "to_bytes"),
        ("{% set k = namespace(x='x') %}{% for i in range(40) %}{% set k.x = k.x ~ k.x %}{% endfor %}", "too large"),
        ("{% set k = namespace(x='x') %}{% for i in range(40) %}{% set k.x = k.x + k.x %}{% endfor %}", "too large"),
        ("{% set k = namespace(x=[0]) %}{% for i in range(40) %}{% set k.x = k.x + k.x %}{% endfor %}", "too large"),
        ("{% for i in range(9999) %}{{ 'x' * 9999 }}{% endfor %}", "too large"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "recursion"),
    ],
)
@pytest.mark.parametrize("name", ["page.mjml.j2", "page.txt.j2"])
def test_what_would_grow_without_measure_is_refused_with_its_line(
    tmp_path: Path, source: str, said: str, name: str
) -> None:
    with pytest.raises(TemplateError) as caught:
        render(tmp_path, source, name)
    assert said in str(caught.value)
    assert str(caught.value.file) == str(tmp_path / name)
    assert caught.value.line == 2
    assert caught.value.cure


@pytest.mark.parametrize(
    ("source", "made"),
    [
        ("{{ text * 2 }}", "简报简报"),
        ("{{ 2 ** 10 }} {{ 2 * 3 }} {{ 7 % 4 }} {{ 1.5 * 2 }} {{ 2 ** -1 }}", "1024 6 3 3.0 0.5"),
        ("{{ text + '！' }}{{ text ~ n }}", "简报！简报3"),
        ("{{ items | join('、') }}{{ items | map('upper') | join }}", "甲、乙甲乙"),
        ("{{ text | replace('报', '讯') }}{{ 1.25 | round(1) }}", "简讯1.2"),
        ("{% for row in items | batch(3, '-') %}{{ row | join }}{% endfor %}", "甲乙-"),
        ("{% for i in range(3) %}{{ i }}{% endfor %}", "012"),
        ("{{ 'Ab'.lower() }}{{ text.startswith('简') | lower }}{{ 'a b'.split() | length }}", "abtrue2"),
        ("{{ [1, 2] | sum }}{{ items[0] }}{{ text[:1] }}", "3甲简"),
    ],
)
def test_ordinary_templates_do_not_notice(tmp_path: Path, source: str, made: str) -> None:
    assert render(tmp_path, source).strip() == made


def test_concatenation_escapes_as_before(tmp_path: Path) -> None:
    source = "{% set b %}<b>{% endset %}{{ b ~ '<i>' }}{{ '<u>' ~ n }}"
    assert render(tmp_path, source).strip() == "<b>&lt;i&gt;&lt;u&gt;3"
    assert render(tmp_path, source, "page.txt.j2").strip() == "<b><i><u>3"
