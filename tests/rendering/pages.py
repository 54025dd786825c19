"""Renders an issue of the tests' own, and reads what came of it."""

import io
from collections.abc import Mapping
from types import MappingProxyType

from lxml import etree

from mailer.config import Config
from mailer.model.edition import Edition
from mailer.model.issue import Issue
from mailer.rendering.edition import render_edition
from tests.rendering.samples import TEMPLATES, make_config, make_issue


def render(
    issue: Issue | None = None,
    config: Config | None = None,
    name: str = "members",
    files: Mapping[str, bytes] = MappingProxyType({}),
) -> Edition:
    settings = config or make_config()
    return render_edition(issue or make_issue(), name, settings.lists[name], settings, TEMPLATES, files)


def parse(html: str) -> etree._Element:
    return etree.parse(io.StringIO(html), etree.HTMLParser()).getroot()


def words(element: etree._Element) -> str:
    return "".join(str(part) for part in element.itertext())


def find(html: str, path: str) -> list[etree._Element]:
    found = parse(html).xpath(path)
    assert isinstance(found, list)
    return [each for each in found if isinstance(each, etree._Element)]


def texts(html: str, path: str) -> list[str]:
    return [words(each) for each in find(html, path)]
