"""The archive over HTTP: which issues it names, how they are found, what may be kept; the feed and the PDF."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import httpx
import pytest
from lxml import etree

from mailer.model.issue import Archive
from mailer.model.publication import Publication
from mailer.web.feed import ATOM, make_id, write_feed
from tests.web.conftest import make_config
from tests.web.site import PUBLIC_URL, PublicSite, make_page
from tests.world import NOW

HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>'


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PublicSite]:
    made = PublicSite.open(tmp_path_factory.mktemp("archive") / "news")
    for month in range(1, 13):
        made.publish(f"2019-{month:02d}", make_page(f"简报 2019年第{month}期"), date(2019, month, 28))
    for month in range(1, 12):
        made.publish(f"2020-{month:02d}", make_page(f"简报 2020年第{month}期"), date(2020, month, 28))
    made.publish(
        "2021-01",
        make_page(
            "简报 2021年第1期", ("全省软件业务收入增长12%", "Ａ区的_云_平台"), "一万_两千&三 ＳＩＧＣＯＭＭ Straße"
        ),
        date(2021, 1, 29),
    )
    made.publish("2021-01-correction", make_page("更正：简报 2021年第1期"), date(2021, 1, 29), corrects="2021-01")
    made.publish("2021-02", make_page(HOSTILE.replace("<", "&lt;"), (HOSTILE.replace("<", "&lt;"),)), date(2021, 2, 26))
    made.publish("members-only", make_page("只给会员"), archive=Archive.MEMBERS)
    made.publish("nobody", "", archive=Archive.OFF)
    made.publish("not-sent", make_page("还没有发出"), send=False)
    yield made
    made.close()


@pytest.fixture
def client(site: PublicSite) -> Iterator[httpx.Client]:
    with site.reader("zh-CN") as client:
        yield client


def slugs(html: str) -> list[str]:
    return re.findall(r'<h3><a href="/i/([^"]+)"', html)


def test_it_names_what_everybody_may_read_and_was_sent_newest_first(client: httpx.Client) -> None:
    first, second = client.get("/archive").text, client.get("/archive?page=2").text
    found = slugs(first) + slugs(second)
    assert found[:4] == ["2021-02", "2021-01-correction", "2021-01", "2020-11"]
    assert (len(slugs(first)), len(found), found[-1]) == (20, 26, "2019-01")
    assert found == sorted(found, reverse=True)
    assert not {"members-only", "nobody", "not-sent"} & set(found)
    assert slugs(client.get("/").text) == slugs(first), "the root is the archive"
    assert 'rel="next" href="/archive?page=2"' in first
    assert 'rel="prev" href="/archive"' in second


def test_a_year_has_its_own_page_and_a_page_beyond_the_last_is_not_there(client: httpx.Client) -> None:
    page = client.get("/archive", params={"year": 2020})
    assert slugs(page.text) == [f"2020-{month:02d}" for month in range(11, 0, -1)]
    assert re.findall(r'href="/archive\?year=(\d+)"', page.text) == ["2021", "2020", "2019"]
    assert f'rel="canonical" href="{PUBLIC_URL}/archive?year=2020"' in page.text
    assert client.get("/archive?page=3").status_code == 404
    assert slugs(client.get("/archive?year=1999").text) == []
    for odd in (
        "year=x",
        "year=99999",
        "page=0",
        "page=-1",
        "page=1e9",
        "year=２０２０",
        "q=%00%ff",
        "q=" + "a" * 9000,
    ):
        assert client.get(f"/archive?{odd}").status_code == 200, odd


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("软件业务", ["2021-01"]), ("收入增长12%", ["2021-01"]), ("云", ["2021-01"]), ("_云_", ["2021-01"]),
        ("sigcomm", ["2021-01"]), ("ａ区", ["2021-01"]), ("straße", ["2021-01"]), ("一万_两千&三", ["2021-01"]),
        ("软件业务 sigcomm", ["2021-01"]), ("软件业务 没有", []), ("%", ["2021-01"]), ("' OR 1=1 --", []), ("\\", []),
        ("2020年第7期", ["2020-07"]), ("只给会员", []), ("还没有发出", []), ("目录里的话", []), ("页脚里的话", []), ("123456", []),
    ],
)  # fmt: skip
def test_words_are_found_in_titles_headings_and_text(client: httpx.Client, query: str, found: list[str]) -> None:
    answer = client.get("/archive", params={"q": query})
    assert slugs(answer.text) == found
    assert answer.headers["x-robots-tag"] == "noindex"
    assert ("<mark>" in answer.text) == bool(found and query != "2020年第7期")


def test_a_search_keeps_its_words_on_the_next_page_and_of_a_year(client: httpx.Client) -> None:
    page = client.get("/archive", params={"q": "正文 一件事"}).text
    assert len(slugs(page)) == 20
    (following,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert len(slugs(client.get(following.replace("&amp;", "&")).text)) == 4
    assert len(slugs(client.get("/archive", params={"q": "正文", "year": 2019}).text)) == 12


def test_corrections_are_named_at_both_ends(client: httpx.Client) -> None:
    page = client.get("/archive?year=2021").text
    items = {one.partition('"')[0]: one for one in page.split('<h3><a href="/i/')[1:]}
    assert 'href="/i/2021-01-correction">查看更正' in items["2021-01"]
    assert "本期已有更正" in items["2021-01"]
    assert 'class="remark"' in items["2021-01-correction"]
    assert 'class="remark"' not in items["2021-02"]


def test_nothing_of_a_title_or_a_query_is_markup(client: httpx.Client) -> None:  # S15, S17
    for page in (client.get("/archive").text, client.get("/archive", params={"q": HOSTILE}).text):
        assert "&lt;script&gt;" in page
        assert not re.search(r"<(script|img)\b", page)


def test_pages_for_everybody_may_be_kept_and_are_known_again(client: httpx.Client) -> None:
    for path in ("/archive", "/feed.xml", "/privacy", "/i/2020-07"):
        answer = client.get(path)
        assert answer.headers["cache-control"].startswith("public, max-age="), path
        assert "set-cookie" not in answer.headers
        again = client.get(path, headers={"If-None-Match": f'"x", W/{answer.headers["etag"]}'})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
        assert client.get(path, headers={"If-None-Match": '"x"'}).status_code == 200
        head = client.head(path)
        assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])
        if path != "/feed.xml":
            assert answer.headers["vary"] == "Accept-Language"
    english = client.get("/archive", headers={"Accept-Language": "en"})
    assert english.headers["etag"] != client.get("/archive").headers["etag"]
    assert "All issues" in english.text


@pytest.mark.parametrize("name", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-URL"])
def test_a_forged_host_is_in_no_page_feed_or_header(client: httpx.Client, name: str) -> None:  # S26
    for path in ("/", "/archive?page=2", "/feed.xml", "/i/2020-07", "/subscribe", "/privacy", "/missing"):
        answer = client.get(path, headers={name: "evil.example"})
        assert "evil.example" not in answer.text + str(answer.headers), path


def test_an_issue_says_where_it_belongs(client: httpx.Client) -> None:
    link = client.get("/i/2020-07").headers["link"]
    assert f'<{PUBLIC_URL}/i/2020-07>; rel="canonical"' in link
    assert f'<{PUBLIC_URL}/feed.xml>; rel="alternate"; type="application/atom+xml"' in link


DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


def assert_atom(content: bytes) -> etree._Element:
    """RFC 4287 §4.1.1, §4.1.2, §4.2.7.1, §3.3: what a feed and its entries must have, how often, and in what form."""
    feed = etree.fromstring(content)
    atom = f"{{{ATOM}}}"
    assert feed.tag == f"{atom}feed"
    entries = feed.findall(f"{atom}entry")
    for one in (feed, *entries):
        assert [len(one.findall(f"{atom}{name}")) for name in ("id", "title", "updated")] == [1, 1, 1]
        identifier = one.findtext(f"{atom}id") or ""
        assert re.fullmatch(r"(https?://|tag:)[!-~]+", identifier), "an IRI, absolute (§4.2.6)"
        for name in ("updated", "published"):
            assert all(DATE.fullmatch(time.text or "") for time in one.findall(f"{atom}{name}"))
        assert len(one.findall(f"{atom}summary")) <= 1
        links = [(link.get("rel"), link.get("type"), link.get("hreflang")) for link in one.findall(f"{atom}link")]
        assert len(links) == len(set(links)), "alternates of one type are one"
        assert "alternate" in [rel for rel, _type, _lang in links]
        for link in one.findall(f"{atom}link"):
            assert (link.get("href") or "").startswith(PUBLIC_URL)
    author = feed.find(f"{atom}author")
    assert author is not None, "every entry has one, or the feed (§4.1.1)"
    assert author.findtext(f"{atom}name")
    assert "self" in [link.get("rel") for link in feed.findall(f"{atom}link")]
    ids = [one.findtext(f"{atom}id") for one in entries]
    assert len(set(ids)) == len(ids)
    return feed


def test_the_feed_is_atom_and_follows_the_archive(client: httpx.Client, site: PublicSite) -> None:
    answer = client.get("/feed.xml", headers={"Accept-Language": "en"})
    assert answer.headers["content-type"] == "application/atom+xml; charset=utf-8"
    feed = assert_atom(answer.content)
    addresses = [link.get("href") for link in feed.findall(f"{{{ATOM}}}entry/{{{ATOM}}}link")]
    assert addresses[0] == f"{PUBLIC_URL}/i/2021-02", "the one mailed last comes first"
    assert len(addresses) == 26
    assert not [one for one in addresses if one and one.rpartition("/")[2] in ("members-only", "nobody", "not-sent")]
    titles = [title.text for title in feed.findall(f"{{{ATOM}}}entry/{{{ATOM}}}title")]
    assert titles[0] == HOSTILE
    assert 'type="application/atom+xml" href="/feed.xml"' in client.get("/archive").text


def test_an_issue_approved_anew_keeps_its_id_and_says_that_it_changed(client: httpx.Client, site: PublicSite) -> None:
    def entry() -> tuple[str, str]:
        feed = etree.fromstring(client.get("/feed.xml").content)
        for one in feed.findall(f"{{{ATOM}}}entry"):
            if (one.findtext(f"{{{ATOM}}}title") or "").startswith("简报 2020年第3期"):
                return one.findtext(f"{{{ATOM}}}id") or "", one.findtext(f"{{{ATOM}}}updated") or ""
        raise AssertionError("it is gone")

    before = entry()
    site.skew[0] += timedelta(days=2)
    site.publish("2020-03", make_page("简报 2020年第3期（修订）", text="新的词语"), date(2020, 3, 28), send=False)
    after = entry()
    assert before[0] == after[0]
    assert before[1] < after[1]
    assert slugs(client.get("/archive", params={"q": "新的词语"}).text) == ["2020-03"]


def test_an_empty_feed_is_one_too_and_odd_characters_do_not_break_it() -> None:
    config = make_config("zh_CN", publisher="协会 & <社>")
    assert_atom(write_feed((), config, "zh_CN"))
    odd = Publication("2020-07", "a\x00b\x0b\ud800\ufffe<&", ("\x1b",), 2020, date(2020, 7, 31), NOW, NOW)
    feed = assert_atom(write_feed((odd,), config, "zh_CN"))
    assert feed.findtext(f"{{{ATOM}}}entry/{{{ATOM}}}title") == "ab<&"
    moved = etree.fromstring(write_feed((), config.model_copy(update={"public_url": "https://new.example"}), "zh_CN"))
    assert moved.findtext(f"{{{ATOM}}}id") == "tag:bulletin.example,2026:issues", "the same wherever the pages move to"
    assert make_id(odd, "bulletin.example") == "tag:bulletin.example,2020-07-31:issue/2020-07"


def test_a_public_issue_is_there_as_pdf_and_is_made_once(client: httpx.Client, site: PublicSite) -> None:
    answer = client.get("/i/2020-07.pdf")
    (made,) = (site.house.var / "pages").iterdir()
    state = made.stat()
    assert answer.status_code == 200
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'inline; filename="2020-07.pdf"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert client.get("/i/2020-07.pdf").content == answer.content
    assert (made.stat().st_ino, made.stat().st_mtime_ns) == (state.st_ino, state.st_mtime_ns)
    assert client.get("/i/2020-07.pdf", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert len(list((site.house.var / "pages").iterdir())) == 1
    for slug in ("members-only", "nobody", "not-sent", "1999-01", "..%2f2020-07", "a" * 99):
        assert client.get(f"/i/{slug}.pdf").status_code == 404, slug


def test_one_pdf_is_made_at_a_time(client: httpx.Client, site: PublicSite) -> None:
    with site.house.archive._printing:
        answer = client.get("/i/2020-08.pdf")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    assert client.get("/i/2020-08.pdf").status_code == 200


def test_an_empty_archive_says_so(tmp_path: Path) -> None:
    site = PublicSite.open(tmp_path / "news")
    try:
        with site.reader() as client:
            page = client.get("/archive")
            assert page.status_code == 200
            assert "No issue has been published here yet." in page.text
            assert_atom(client.get("/feed.xml").content)
    finally:
        site.close()
