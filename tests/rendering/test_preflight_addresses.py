"""What a template points to by itself: links that lead nowhere, pictures nobody gets or that others serve."""

import pytest

from mailer.model.edition import Asset, Edition, Slot, SlotContext
from mailer.model.report import Severity
from mailer.rendering.edition import render_edition
from mailer.rendering.preflight import check_edition
from mailer.rendering.preflight.addresses import check_addresses
from tests.rendering.full_issue import FILES, make_full_issue
from tests.rendering.samples import TEMPLATES, make_config

LOGO = Asset("logo.png", "image/png", b"x")
CONFIG = make_config(public_url="https://news.example")


def said_of(html: str) -> list[tuple[Severity, str]]:
    slot = Slot("links.unsubscribe", SlotContext.URL)
    edition = Edition("a", "members", "en", ("x",), ('<p><a href="', slot, '">out</a></p>' + html), ("x",), (LOGO,))
    return [(each.severity, each.text) for each in check_addresses(edition, CONFIG)]


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://x.example/">x</a><a href="#a1">x</a><a href="mailto:a@b.example">x</a><a href="tel:110">x</a>',
        f'<img src="cid:{LOGO.cid}" alt="">',
        '<img src="https://news.example/p/0.png" alt=""><td background="https://news.example/g.png">',
        '<a name="a1"></a><!--[if mso]><v:fill src="x.png" /><![endif]-->',
    ],
)
def test_what_readers_reach_is_not_spoken_of(html: str) -> None:
    assert said_of(html) == []


@pytest.mark.parametrize(
    ("html", "severity", "said"),
    [
        ('<a href="javascript:alert(1)">x</a>', Severity.ERROR, "leads nowhere: javascript:alert(1)"),
        ('<a href="page.html">x</a>' * 2, Severity.ERROR, "leads nowhere: page.html"),
        ('<a href="mailto:">x</a>', Severity.ERROR, "leads nowhere: mailto:"),
        ('<img src="pictures/logo.png" alt="">', Severity.ERROR, "not in the mail: pictures/logo.png"),
        ('<img src="cid:other@jianbao" alt="">', Severity.ERROR, "not in the mail: cid:other"),
        ('<img src="data:image/png;base64,AA" alt="">', Severity.ERROR, "not in the mail: data:"),
        ('<img src="https://count.example/1.gif" alt="">', Severity.WARNING, "fetched from elsewhere"),
        ('<img src="https://news.example.evil.example/1.gif" alt="">', Severity.WARNING, "fetched from elsewhere"),
    ],
)
def test_what_they_do_not_reach_is_said_once(html: str, severity: Severity, said: str) -> None:
    ((found, text),) = said_of(html)
    assert found is severity
    assert said in text


@pytest.mark.parametrize("place", ["inline", "hosted"])
def test_our_templates_point_to_nothing_of_the_kind(place: str) -> None:
    config = make_config(public_url="https://news.example", pictures={"place": place})
    issue = make_full_issue()
    edition = render_edition(issue, "members", config.lists["members"], config, TEMPLATES, FILES)
    assert check_addresses(edition, config) == []
    assert not [each for each in check_edition(edition, issue, config) if "template" in each.text]
