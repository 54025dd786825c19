"""Pictures and the QR code travel with a copy or wait at our address, each once, with their words."""

import dataclasses
import io

import pytest
from PIL import Image

from mailer.errors import IssueError
from mailer.model.edition import (
    fill_segments,
)
from mailer.model.issue import Archive, Article, Issue, Paragraph, Picture, Section, Text
from tests.rendering.pages import find, parse, render
from tests.rendering.samples import VALUES, make_config, make_issue


def with_picture(**changes: object) -> tuple[Issue, dict[str, bytes]]:
    section = Section("图", (Article("图", (Picture("pictures/a.png", "图 <甲>", "图注"),)),))
    buffer = io.BytesIO()
    Image.new("RGB", (640, 320), "red").save(buffer, "PNG")
    imprint = dataclasses.replace(make_issue().imprint, qr="https://www.zsia.example/?a=1&b=2")
    issue = dataclasses.replace(make_issue(), sections=(section,), imprint=imprint, **changes)  # type: ignore[arg-type]
    return issue, {"pictures/a.png": buffer.getvalue()}


def test_pictures_travel_within_the_copy_or_wait_at_our_address() -> None:
    issue, files = with_picture()
    inside = render(issue, files=files)
    assert [asset.name for asset in inside.inline] == ["a.png", "qr.png"]
    assert inside.hosted == ()
    sources = parse(fill_segments(inside.html, VALUES)).xpath("//img/@src")
    assert sources == [f"cid:{asset.cid}" for asset in inside.inline]
    config = make_config(public_url="https://news.example.org", pictures={"place": "hosted"})
    outside = render(issue, config, files=files)
    (picture,) = outside.hosted
    assert [asset.name for asset in outside.inline] == ["qr.png"], "the code shows where pictures are blocked, too"
    sources = parse(fill_segments(outside.html, VALUES)).xpath("//img[@width != '1']/@src")
    assert sources == [
        f"https://news.example.org/p/{picture.sha256}.png", f"cid:{outside.inline[0].cid}",
    ]  # fmt: skip
    assert inside.sha256 != outside.sha256


def test_a_picture_has_its_words_its_caption_and_its_size() -> None:
    issue, files = with_picture()
    edition = render(issue, make_config(language="en"), files=files)
    picture, code = find(fill_segments(edition.html, VALUES), "//img")
    assert (picture.get("alt"), picture.get("width"), picture.get("height")) == ("图 <甲>", "576", "288")
    assert (code.get("alt"), code.get("width")) == ("QR code: https://www.zsia.example/?a=1&b=2", "104")
    assert code.getparent() is not None
    text = fill_segments(edition.text, VALUES)
    assert "[Picture: 图 <甲>]\n图注\n" in text
    assert "QR code: https://www.zsia.example/?a=1&b=2\n" in text


def test_a_picture_of_what_was_cut_off_is_not_carried() -> None:
    issue, files = with_picture(archive=Archive.PUBLIC, shorten=5)
    long = Article("长", (Paragraph((Text("一二三四五六七。八。"),)), Picture("pictures/a.png", "图")))
    issue = dataclasses.replace(issue, sections=(Section("栏", (long,)),))
    edition = render(issue, make_config(public_url="https://news.example.org"), files=files)
    assert [asset.name for asset in edition.inline] == ["qr.png"]


def test_another_picture_is_another_edition_and_the_same_one_the_same() -> None:
    issue, files = with_picture()
    buffer = io.BytesIO()
    Image.new("RGB", (640, 320), "blue").save(buffer, "PNG")
    assert render(issue, files=files).sha256 == render(issue, files=dict(files)).sha256
    assert render(issue, files=files).sha256 != render(issue, files={"pictures/a.png": buffer.getvalue()}).sha256


def test_a_missing_picture_is_said_with_its_place() -> None:
    issue, _files = with_picture()
    with pytest.raises(IssueError, match=r"pictures/a\.png") as caught:
        render(issue)
    assert caught.value.cure
