"""Which language a request is answered in."""

from collections.abc import Callable

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config import Config
from mailer.i18n import current_language
from mailer.web.language import language_of_request, speaking
from tests.web.conftest import Desk, Running, make_config


@pytest.mark.parametrize(
    ("configured", "header", "language"),
    [
        ("", "", "zh_CN"), ("", "*", "zh_CN"), ("", "en", "en"), ("", "en-GB,en;q=0.9", "en"), ("", "zh-CN", "zh_CN"),
        ("", "zh-Hant-TW", "zh_CN"), ("", "en;q=0.5, zh;q=0.8", "zh_CN"), ("", "fr, zh;q=0.1", "zh_CN"),
        ("", "fr, de", "en"), ("", "zh;q=0, en;q=0.1", "en"), ("", "EN-us", "en"), ("", "zh;q=9", "zh_CN"),
        ("", ";;;,,=", "zh_CN"), ("zh_CN", "en", "zh_CN"), ("en", "zh-CN", "en"), ("", "en ; q=0.2 , zh", "zh_CN"),
    ],
)  # fmt: skip
def test_the_language_of_a_request(configured: str, header: str, language: str) -> None:
    assert language_of_request(configured, header) == language


@given(st.text(max_size=80) | st.text(alphabet="zhen;q=0.19,- *", max_size=60))
def test_any_header_gives_a_language_we_speak(header: str) -> None:
    assert language_of_request("", header) in ("zh_CN", "en")


def test_the_former_language_comes_back_also_after_an_error() -> None:
    def fail() -> None:
        with speaking("zh_CN"):
            assert current_language() == "zh_CN"
            raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        fail()
    assert current_language() == "en"


def test_each_request_gets_its_own_language(serve: Callable[[Config], Running], desk: Desk) -> None:
    url = f"{serve(make_config()).url}/u/{desk.token(1)}"
    with httpx.Client(trust_env=False) as client:
        for _ in range(5):
            for header, language in (("en", "en"), ("zh-CN,zh;q=0.9", "zh-CN"), ("de", "en")):
                page = client.get(url, headers={"Accept-Language": header})
                assert f'<html lang="{language}">' in page.text
                assert page.headers["vary"] == "Accept-Language"
