"""Everybody can read it: headings, heads of tables, language, sizes and contrasts."""

import pytest

from mailer.model.edition import Edition
from mailer.rendering.environment import read_templates
from mailer.rendering.preflight.accessibility import check_accessibility, check_theme, contrast
from tests.rendering.samples import TEMPLATES

PAGE = '<html lang="zh-CN" dir="ltr"><body>{}</body></html>'


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (PAGE.format("<h1>a</h1><h2>b</h2><h3>c</h3><h2>d</h2>"), []),
        (PAGE.format("<h2>b</h2>"), ["0 main headings"]),
        (PAGE.format("<h1>a</h1><h1>b</h1>"), ["2 main headings"]),
        (PAGE.format("<h1>a</h1><h3>b</h3><h1x>"), ["after a heading h1 comes an h3"]),
        ('<html dir="ltr"><h1>a</h1></html>', ["its language"]),
        ('<html lang="und" dir="ltr"><h1>a</h1></html>', ["its language"]),
        ('<html lang="en"><h1>a</h1></html>', ["its direction"]),
        (PAGE.format('<h1>a</h1><img src="x">'), ["no alt attribute"]),
        (PAGE.format('<h1>a</h1><img src="x" alt="">'), []),
        (PAGE.format("<h1>a</h1><table><tr><th>x</th></tr></table>"), ["what it heads"]),
        (PAGE.format('<h1>a</h1><table><tr><th scope="col">x</th></tr></table>'), []),
        (PAGE.format('<h1>a</h1><p style="font-size:11px">x</p><p style="font-size: 11px">x</p>'), ["11px"]),
        (PAGE.format('<h1>a</h1><p style="color:red;font-size: 9.5px;">x</p>'), ["9.5px"]),
        (PAGE.format('<h1>a</h1><p style="font-size:12px">x</p><td style="font-size:0px">'), []),
    ],
)
def test_what_a_screen_reader_stumbles_over_is_said_once(page: str, said: list[str]) -> None:
    found = check_accessibility(Edition("a", "m", "zh_CN", ("x",), (page,), ("x",)))
    assert len(found) == len(said)
    assert all(part in each.text and each.cure for part, each in zip(said, found, strict=True))


def test_the_web_page_is_looked_at_too() -> None:
    sound = PAGE.format("<h1>a</h1>")
    found = check_accessibility(Edition("a", "m", "zh_CN", ("x",), (sound,), ("x",), page=PAGE.format("<h2>a</h2>")))
    assert [each.place for each in found] == ["web page"]


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#C8161D", "#FFF", 5.85), ("#1F2329", "#FFFFFF", 15.78), ("#646A73", "#F2EFEA", 4.75), ("#fff", "#fff", 1)],
)
def test_contrast_is_that_of_the_standard(one: str, other: str, ratio: float) -> None:
    assert contrast(one, other) == pytest.approx(ratio, abs=0.01)
    assert contrast(other, one) == contrast(one, other)


def test_our_theme_stands_out_light_and_dark() -> None:
    assert check_theme(read_templates(TEMPLATES).theme) == []


@pytest.mark.parametrize(
    ("table", "key", "value", "places"),
    [
        ("colour", "quiet", "#999999", ["colour.quiet", "colour.quiet"]),
        ("dark", "ink", "#444444", ["dark.ink", "dark.ink", "dark.ink"]),
        ("colour", "line", "#FFFFFF", []),  # decoration
        ("colour", "ink", "rgb(1,2,3)", []),  # not one we can read
    ],
)
def test_a_colour_that_does_not_stand_out_is_named(table: str, key: str, value: str, places: list[str]) -> None:
    theme = {name: dict(values) for name, values in read_templates(TEMPLATES).theme.items()}
    theme[table][key] = value
    found = check_theme(theme)
    assert [each.place for each in found] == [f"templates/theme.toml: {place}" for place in places]
