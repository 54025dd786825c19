"""The privacy notice says what the settings say."""

from datetime import timedelta
from pathlib import Path

import pytest

from mailer.config import Config
from mailer.i18n import use_language
from mailer.web.privacy import make_notice, show_period
from tests.web.conftest import make_config
from tests.web.site import PublicSite


def notice(config: Config) -> str:
    sections = make_notice(config)
    parts = [
        (one.heading, *one.texts, *(f"{label}: {value}" for label, value in one.rows), *one.after) for one in sections
    ]
    return "\n".join(line for part in parts for line in part)


def with_lists(**lists: dict[str, str]) -> Config:
    base = make_config("en").model_dump(exclude_unset=True)
    return Config.model_validate({**base, "lists": lists})


def test_periods_are_those_of_the_settings() -> None:
    text = notice(
        Config.model_validate(
            {**make_config("en").model_dump(exclude_unset=True), "retention": {"readings": "30d", "logs": ""}}
        )
    )
    assert "program and network of opens and clicks: 30 days" in text
    assert "requests to join, and mails about them: without limit" in text
    assert "since they were last on one: 3 years" in text


def test_tracking_is_told_of_open_lists_by_name_and_of_others_together() -> None:
    friends = {"title": "Friends", "role": "送", "joining": "open", "tracking": "clicks"}
    board = {"title": "Secret board", "role": "送", "tracking": "full"}
    office = {"title": "Offices", "role": "报"}
    text = notice(with_lists(friends=friends, board=board, office=office))
    assert "Friends: clicks" in text
    assert "other lists: on some of them: opens and clicks" in text
    assert "Secret board" not in text
    assert "nobody can flood a mailbox" in text
    assert "It is not: no picture" in notice(with_lists(office=office))
    assert "flood" not in notice(with_lists(office=office))


def test_what_of_a_request_is_kept_is_told() -> None:
    assert "The network address it comes from is not kept." in notice(make_config("en"))
    assert "the beginning is kept" in notice(make_config("en", network="truncated"))
    assert "for each list as a whole" in notice(make_config("en", aggregate=True))
    assert "carry the name of the bulletin" in notice(make_config("en", utm={"source": "jianbao"}))


@pytest.mark.parametrize(
    ("period", "words"),
    [
        (timedelta(days=365), "1 year"), (timedelta(days=1095), "3 years"), (timedelta(days=400), "400 days"),
        (timedelta(days=1), "1 day"), (timedelta(hours=5), "5 hours"), (timedelta(minutes=1), "1 hour"), (None, "without limit"),
    ],
)  # fmt: skip
def test_a_period_in_words(period: timedelta | None, words: str) -> None:
    assert show_period(period) == words


def test_a_sender_is_escaped_and_the_notice_is_there_in_chinese() -> None:
    use_language("zh_CN")
    assert notice(make_config("zh_CN", publisher="<b>协会")).count("<b>协会") == 1, "the page escapes it"


def test_the_office_adds_its_own_words(tmp_path: Path) -> None:
    site = PublicSite.open(tmp_path / "news")
    templates = site.house.templates
    try:
        (templates / "privacy.txt").write_text("\ufeff第一段，\n接着说。\n\n \n<b>第二段</b>\n", "utf-8")
        (templates / "privacy.en.txt").write_text("Our own words.", "utf-8")
        with site.reader() as client:
            chinese = client.get("/privacy", headers={"Accept-Language": "zh-CN"}).text
            assert "<p>第一段， 接着说。</p>" in chinese
            assert "<p>&lt;b&gt;第二段&lt;/b&gt;</p>" in chinese
            assert "<p>Our own words.</p>" in client.get("/privacy").text
            (templates / "privacy.en.txt").write_bytes("新".encode("gbk"))
            assert client.get("/privacy").status_code == 200
    finally:
        site.close()
