"""Channels of notices against a server on this machine, and that nothing of an address is ever shown."""

import base64
import hashlib
import hmac
import io
import logging
import time
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from mailer.errors import ConfigError
from mailer.model.notice import NoticeEvent
from mailer.ops import channels
from mailer.ops.channels import Channel, clip, hide_addresses, read_channels
from mailer.ops.robots import sign
from tests.web_hook import SILENT, WebHook

ALL = (NoticeEvent.HELD, NoticeEvent.FINISHED)
SECRET = "abcdefSECRETsecret0123456789"


@pytest.fixture
def hook() -> Iterator[WebHook]:
    with WebHook().serve() as hook:
        yield hook


@pytest.fixture
def heard() -> Iterator[io.StringIO]:
    """All that reaches the log, whatever its level; pytest's own would hear what reaches none, too."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.setLevel(before)
    root.removeHandler(handler)


def one(text: str) -> Channel:
    (channel,) = read_channels(text, ALL, "notices.urls_file")
    return channel


def test_lines_name_channels_and_their_events() -> None:
    text = f"""
    # those of the office
    wecombot://{SECRET}   dingtalk://{SECRET}@{SECRET}
    held,relay=dingtalk://{SECRET}
    https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={SECRET}
    feishu://{SECRET} lark://{SECRET} mailtos://user:{SECRET}@mail.example?to=office@zsia.example
    """
    found = read_channels(text, ALL, "notices.urls_file")
    assert [one.name for one in found] == [
        "wecombot:1", "dingtalk:1", "dingtalk:2", "wecombot:2", "feishu:1", "lark:1", "mailtos:1",
    ]  # fmt: skip
    assert [one.events for one in found[1:4]] == [ALL, (NoticeEvent.HELD, NoticeEvent.RELAY), ALL]
    assert SECRET not in repr(found) + str([one.target for one in found])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"wecombot://{SECRET} nonsense-{SECRET}", "address 2 of a channel cannot be read"),
        (f"nosuch://{SECRET}", "address 1 of a channel, nosuch://…, is none that Apprise takes"),
        (f"dingtalk://{SECRET}-!!", "address 1 of a channel, dingtalk://…, is none that Apprise takes"),
        (f"held,helt=wecombot://{SECRET}", "address 1 of a channel names an event that there is not"),
        (f"https://chat.example/{SECRET}", "address 1 of a channel, https://…, is none that Apprise takes"),
    ],
)
def test_what_is_no_address_is_told_by_its_number(text: str, said: str, heard: io.StringIO) -> None:
    logging.getLogger(__name__).debug("heard")
    with pytest.raises(ConfigError) as caught:
        read_channels(text, ALL, "notices.urls_file")
    assert caught.value.message == said
    assert SECRET not in str(caught.value) + caught.value.cure + heard.getvalue()
    assert heard.getvalue() == "heard\n"


async def test_a_notice_is_posted_without_addresses(hook: WebHook) -> None:
    tried = await one(f"json://127.0.0.1:{hook.port}/notices").post(
        "停发 Held", "因为 550 <reader@firm.example> 拒收\n"
    )
    assert (tried.worked, tried.over, tried.result) == (True, True, "posted")
    ((path, body),) = hook.posts
    assert path == "/notices"
    assert (body["title"], body["message"]) == ("停发 Held", "因为 550 <…@…> 拒收")


@pytest.mark.parametrize("service", ["json://user:{secret}@127.0.0.1:{port}/{secret}", "wecombot://{secret}"])
async def test_what_fails_is_tried_again_and_says_why_without_the_address(
    hook: WebHook, service: str, heard: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    redirect_robots(monkeypatch, hook)
    channel = one(service.format(secret=SECRET, port=hook.port))
    hook.answers = [(500, {}), (404, {})]
    tries = [await channel.post("a", "b") for _again in range(3)]
    assert [(one.result, one.over, one.worked) for one in tries] == [
        ("the service answered 500", False, False),
        ("the service answered 404", False, False),
        ("posted", True, True),
    ]
    assert SECRET not in heard.getvalue()


async def test_a_service_that_is_not_there_is_tried_again(hook: WebHook, monkeypatch: pytest.MonkeyPatch) -> None:
    hook.port = 1
    redirect_robots(monkeypatch, hook)
    for address in ("json://127.0.0.1:1", "wecombot://KEY"):
        tried = await one(address).post("a", "b")
        assert (tried.over, tried.worked) == (False, False)
        assert "not reached" in tried.result


@pytest.mark.parametrize("address", ["json://127.0.0.1:{port}", "wecombot://KEY"])
async def test_one_that_may_have_arrived_is_not_posted_again(
    hook: WebHook, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    redirect_robots(monkeypatch, hook)
    monkeypatch.setattr(channels, "READ_S", 0.2)
    hook.answers = [(SILENT, {})]
    tried = await one(address.format(port=hook.port)).post("a", "b")
    assert (tried.over, tried.worked) == (True, False)
    assert "may have arrived" in tried.result


async def test_a_service_that_hangs_is_waited_for_so_long_only(hook: WebHook) -> None:
    hook.answers = [(SILENT, {})]
    began = time.monotonic()
    tried = await one(f"json://127.0.0.1:{hook.port}").post("a", "b", longest_s=0.2)
    assert time.monotonic() - began < 10
    assert (tried.over, tried.worked) == (True, False)


def redirect_robots(monkeypatch: pytest.MonkeyPatch, hook: WebHook) -> None:
    """Have Apprise's plugins for robots know this machine as the providers' host."""
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.wecombot import NotifyWeComBot

    base = f"http://127.0.0.1:{hook.port}"
    monkeypatch.setattr(NotifyDingTalk, "notify_url", f"{base}/robot/send?access_token={{token}}")
    monkeypatch.setattr(NotifyWeComBot, "notify_url", f"{base}/cgi-bin/webhook/send?key={{key}}")


async def test_a_robot_that_answers_200_and_an_error_has_failed(hook: WebHook, monkeypatch: pytest.MonkeyPatch) -> None:
    redirect_robots(monkeypatch, hook)
    hook.answers = [(200, {"errcode": 93000, "errmsg": "invalid webhook url"}), (200, {"errcode": 45009}), (200, [])]
    channel = one("wecombot://KEY")
    results = [(await channel.post("标题", "正文")).result for _again in range(4)]
    assert results == [
        "the robot refused it: error 93000",
        "the robot is busy: error 45009",
        "the service answered something that is not understood",
        "posted",
    ]
    assert hook.posts[0] == (
        "/cgi-bin/webhook/send?key=KEY",
        {"msgtype": "text", "text": {"content": "标题\n正文"}},
    )


async def test_a_signed_robot_gets_its_signature_encoded_once(hook: WebHook, monkeypatch: pytest.MonkeyPatch) -> None:
    redirect_robots(monkeypatch, hook)
    tried = await one("dingtalk://SECabc@TOKEN/13800000000").post("标题", "正文")
    assert tried.worked
    ((path, body),) = hook.posts
    query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
    assert query["access_token"] == "TOKEN"
    expected = hmac.new(b"SECabc", f"{query['timestamp']}\nSECabc".encode(), hashlib.sha256).digest()
    assert base64.b64decode(query["sign"]) == expected
    assert abs(int(query["timestamp"]) / 1000 - time.time()) < 60
    assert body["at"] == {"atMobiles": ["13800000000"], "isAtAll": False}
    assert body["text"]["content"] == "标题\n正文"


def test_a_signature_is_that_of_the_provider_s_recipe() -> None:
    # computed once with openssl: printf '1577262236757\nthis is secret' | openssl dgst -sha256 -hmac 'this is secret'
    assert sign("this is secret", 1577262236757)["sign"] == "hmPWwU+7lVdm3ZZz0r9tSfx0L4Q26jWOZr9+Gs6EZQM="


async def test_a_long_notice_is_cut_to_what_services_take(hook: WebHook) -> None:
    await one(f"json://127.0.0.1:{hook.port}").post("标题", "长" * 5000)
    ((_path, body),) = hook.posts
    assert body["message"].endswith("长…")
    assert len((body["title"] + body["message"]).encode()) <= 2000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("550 <a.b+c@x.example>: no", "550 <…@…>: no"),
        ("用户reader@公司.example，不存在", "…@…，不存在"),
        ("a@[192.0.2.1] and \"b c\"@x.example", "…@… and \"b c\"@x.example"),
        ("no address here", "no address here"),
    ],
)  # fmt: skip
def test_addresses_are_hidden(text: str, shown: str) -> None:
    assert hide_addresses(text) == shown


def test_clip_cuts_between_characters() -> None:
    assert clip("一二三", 9) == "一二三"
    assert clip("一二三四", 9) == "一二…"
