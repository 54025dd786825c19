"""A provider's call is handed on with its body, never more of it than is wanted, and answered by a status alone."""

import httpx
import pytest

from mailer.web.actions import HookStatus
from mailer.web.hooks import MAX_HOOK_BODY
from tests.web.conftest import Desk


@pytest.mark.parametrize(
    ("status", "code"),
    [(HookStatus.TAKEN, 200), (HookStatus.UNKNOWN, 404), (HookStatus.REFUSED, 403), (HookStatus.LATER, 503)],
)
def test_a_call_is_answered_by_a_status_alone(client: httpx.Client, desk: Desk, status: HookStatus, code: int) -> None:
    desk.hooks["ses"] = status
    answer = client.post("/hooks/ses", content=b'{"Type": 1}', headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.content) == (code, b"")
    assert desk.brought == [b'{"Type": 1}']
    assert "MainThread" not in desk.threads


def test_a_get_and_a_body_too_large_reach_nothing(client: httpx.Client, desk: Desk) -> None:
    desk.hooks["ses"] = HookStatus.TAKEN
    assert client.get("/hooks/ses").status_code == 405
    assert client.post("/hooks/ses", content=b"x" * (MAX_HOOK_BODY + 1)).status_code == 413
    assert client.post("/hooks/ses", content=(b"x" * 1024 for _piece in range(300))).status_code == 413
    assert client.post("/hooks/" + "x" * 33, content=b"").status_code == 404
    assert desk.brought == []
