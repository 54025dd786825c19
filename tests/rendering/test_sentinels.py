"""A value of the reader can be put out and take a fallback; whatever else a template tries names the line."""

from pathlib import Path

import pytest

from mailer.errors import TemplateError
from mailer.model.edition import Slot, SlotContext
from mailer.rendering.environment import read_templates, render_template
from mailer.rendering.sentinels import Manifest, SlotGroup, make_nonce, split_html, split_plain

NAME = "{{ recipient.name }}"


def render(folder: Path, source: str) -> tuple[str, Manifest]:
    (folder / "theme.toml").touch()
    (folder / "page.mjml.j2").write_text(source, "utf-8")
    manifest = Manifest(make_nonce(source))
    groups = {name: SlotGroup(name, manifest) for name in ("recipient", "links")}
    return render_template(read_templates(folder), "page.mjml.j2", groups), manifest


def split(folder: Path, source: str) -> tuple[str | Slot, ...]:
    return split_html(*render(folder, source))


def test_slots_know_where_they_stand(tmp_path: Path) -> None:
    source = (
        '<p title="{{ recipient.city }}">{{ recipient.name | fallback("读者") }}您好'
        '<a href="{{ links.unsubscribe }}">{{ links.unsubscribe }}</a></p>'
    )
    assert split(tmp_path, source) == (
        '<p title="',
        Slot("recipient.city", SlotContext.ATTRIBUTE),
        '">',
        Slot("recipient.name", SlotContext.TEXT, "读者"),
        '您好<a href="',
        Slot("links.unsubscribe", SlotContext.URL),
        '">',
        Slot("links.unsubscribe", SlotContext.TEXT),
        "</a></p>",
    )


def test_plain_parts_have_plain_slots(tmp_path: Path) -> None:
    text, manifest = render(tmp_path, f"致{NAME}：")
    assert split_plain(text, manifest, SlotContext.PLAIN) == ("致", Slot("recipient.name", SlotContext.PLAIN), "：")


@pytest.mark.parametrize(
    "use",
    [
        "{% if recipient.name %}x{% endif %}",
        "{% if recipient.name == '张三' %}x{% endif %}",
        "{% if recipient.name != '张三' %}x{% endif %}",
        "{% if recipient.name < 'x' %}x{% endif %}",
        "{% if 'x' in recipient.name %}x{% endif %}",
        "{% if recipient.name is defined %}x{% endif %}",
        "{% if recipient.name is none %}x{% endif %}",
        "{% if recipient.name is sameas recipient.name %}x{% endif %}",
        "{% if not recipient.name %}x{% endif %}",
        "{% for letter in recipient.name %}x{% endfor %}",
        "{{ 'to ' ~ recipient.name }}",
        "{{ 'to ' + recipient.name }}",
        "{{ recipient.name + '!' }}",
        "{{ recipient.name * 3 }}",
        "{{ '%s' % recipient.name }}",
        "{{ '{}'.format(recipient.name) }}",
        "{{ [recipient.name] | join('、') }}",
        "{{ [recipient.name, recipient.city] | sort | first }}",
        "{{ [recipient.name] | map('upper') | first }}",
        "{{ {recipient.name: 1} | length }}",
        "{{ recipient.name | upper }}",
        "{{ recipient.name | default('x') }}",
        "{{ recipient.name | e }}",
        "{{ recipient.name | length }}",
        "{{ recipient.name | replace('a', 'b') }}",
        "{{ recipient.name.upper() }}",
        "{{ recipient.name._name }}",
        "{{ recipient.name[0] }}",
        "{{ recipient.name() }}",
        "{{ recipient }}",
        "{{ recipient.phone }}",
        "{{ recipient._manifest }}",
        "{% if recipient %}x{% endif %}",
        "{% for field in recipient %}x{% endfor %}",
        "{{ links.unsubscribe | fallback('x') }}",
        "{{ recipient.name | fallback(recipient.city) }}",
        "{{ recipient.name | fallback('a\\nb') }}",
        "{{ 'x' | fallback('y') }}",
        "{{ recipient.name | set_blocks }}",
    ],
)
def test_any_other_use_is_refused_with_its_line(tmp_path: Path, use: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(tmp_path, f"<p>\n\n{use}\n</p>")
    assert caught.value.file == str(tmp_path / "page.mjml.j2")
    assert caught.value.line == 3
    assert caught.value.cure


@pytest.mark.parametrize(
    "place",
    [
        "<style>.a { color: {{ recipient.name }}; }</style>",
        "<script>var a = '{{ recipient.name }}';</script>",
        "<!-- {{ recipient.name }} -->",
        "<!--[if mso]><p>{{ recipient.name }}</p><![endif]-->",
        '<a href="https://a.example/?n={{ recipient.name }}">x</a>',
        '<a href="{{ recipient.name }}">x</a>',
        '<img src="{{ links.unsubscribe }}">',
        '<a href="{{ links.unsubscribe }}&amp;x=1">x</a>',
        '<p style="color: {{ recipient.name }}">x</p>',
        '<p onclick="{{ recipient.name }}">x</p>',
        "<p title={{ recipient.name }}>x</p>",
        "<p {{ recipient.name }}>x</p>",
        "<p{{ recipient.name }}>x</p>",
    ],
)
def test_a_place_where_no_escaping_is_safe_is_refused_with_its_line(tmp_path: Path, place: str) -> None:
    with pytest.raises(TemplateError) as caught:
        split(tmp_path, f"<div>\n{place}\n</div>")
    assert caught.value.line == 2


@pytest.mark.parametrize(
    "change",
    [
        f"{{% filter upper %}}{NAME}{{% endfilter %}}",
        f"{{% filter truncate(6) %}}{NAME}{{% endfilter %}}",
        f"{{% set x %}}{NAME}{{% endset %}}{{{{ x | replace('zz', '') }}}}",
        f"{{% set x %}}{NAME}{{% endset %}}",
    ],
)
def test_a_value_that_does_not_come_through_whole_is_an_error(tmp_path: Path, change: str) -> None:
    with pytest.raises(TemplateError) as caught:
        split(tmp_path, change)
    assert caught.value.line == 1


def test_a_value_may_be_doubled_and_goes_through_macros(tmp_path: Path) -> None:
    source = (
        "{% macro greet(who) %}<b>{{ who }}</b>{% endmacro %}"
        "{% set name = recipient.name %}{{ greet(name) }}{{ name }}"
        "{% set x %}{{ recipient.city }}{% endset %}{{ x }}{{ x }}"
    )
    names = [part.name for part in split(tmp_path, source) if isinstance(part, Slot)]
    assert names == ["recipient.name", "recipient.name", "recipient.city", "recipient.city"]


def test_a_token_of_another_edition_is_just_text() -> None:
    manifest = Manifest(make_nonce("a"))
    foreign = f"zz{make_nonce('b')}x0zz"
    assert split_html(f"<p>{foreign}</p>", manifest) == (f"<p>{foreign}</p>",)
