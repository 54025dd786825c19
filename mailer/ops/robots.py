"""Robots of DingTalk and WeCom groups, which answer 200 whatever became of a message; Apprise takes that for success.

Apprise reads their addresses; the message is posted here, and the answer's errcode is what counts.
Sources: the pages of both providers on custom robots (DingTalk signs timestamp and secret by HMAC-SHA256 in base64).
"""

import base64
import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING, Any

from mailer.i18n import _
from mailer.model.notice import Tried

if TYPE_CHECKING:
    from apprise import NotifyBase

# errcodes that say "too fast" or "busy": worth another try like all others, and told in our words
_BUSY = {-1, 130101, 130102, 45009}


def post_as_robot(plugin: "NotifyBase", subject: str, body: str, timeouts: tuple[float, float]) -> Tried | None:
    """Post to a robot and return what its answer says; None for a service that is neither of the two."""
    import httpx
    from apprise.plugins.dingtalk import NotifyDingTalk
    from apprise.plugins.wecombot import NotifyWeComBot

    text = f"{subject}\n{body}"
    payload: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
    query: dict[str, str] = {}
    match plugin:
        case NotifyDingTalk():
            address = plugin.notify_url.format(token=plugin.token)
            payload["at"] = {"atMobiles": list(plugin.targets), "isAtAll": False}
            query = sign(plugin.secret, round(time.time() * 1000)) if plugin.secret else {}
        case NotifyWeComBot():
            address = plugin.notify_url.format(key=plugin.key)
        case _:
            return None
    url = httpx.URL(address).copy_merge_params(query)
    connect_s, read_s = timeouts
    try:
        answer = httpx.post(url, json=payload, timeout=httpx.Timeout(read_s, connect=connect_s))
    except httpx.ReadTimeout:
        return Tried(_("no answer in {n} s; it may have arrived").format(n=round(read_s)), over=True)
    except httpx.HTTPError as error:  # its words may hold the address
        return Tried(_("the service was not reached: {kind}").format(kind=type(error).__name__), over=False)
    return _judge(answer.status_code, answer.content)


def sign(secret: str, timestamp_ms: int) -> dict[str, str]:
    """Return what a signed DingTalk robot wants in its query, before it is percent-encoded (once)."""
    digest = hmac.new(secret.encode(), f"{timestamp_ms}\n{secret}".encode(), hashlib.sha256).digest()
    return {"timestamp": str(timestamp_ms), "sign": base64.b64encode(digest).decode()}


def _judge(status: int, content: bytes) -> Tried:
    if status != 200:
        return Tried(_("the service answered {status}").format(status=status), over=False)
    try:
        code = json.loads(content)["errcode"]
    except (ValueError, KeyError, TypeError):
        return Tried(_("the service answered something that is not understood"), over=False)
    if code == 0:
        return Tried(_("posted"), over=True, worked=True)
    words = _("the robot is busy: error {code}") if code in _BUSY else _("the robot refused it: error {code}")
    return Tried(words.format(code=code), over=False)
