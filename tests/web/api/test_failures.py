"""What goes wrong here is said as a problem too, within the console, and tells nothing of the house (S33)."""

import httpx
import pytest

from mailer.errors import StoreError
from mailer.web.console.app import create_console
from tests.web.api.conftest import Api
from tests.web.serving import serving

SECRET = "postgresql://user:secret@db.example/srv/house"


@pytest.mark.parametrize(("error", "status"), [(RuntimeError(SECRET), 500), (StoreError("the disk is full"), 503)])
def test_a_fault_of_ours_is_a_problem_without_its_words(
    api: Api, error: Exception, status: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setattr(api.house.lists, "count", fail)
    headers = {"Authorization": f"Bearer {api.token}", "Accept-Language": "en"}
    with serving(create_console(api.house)) as url, httpx.Client(base_url=url, headers=headers) as client:
        answer = client.get("/api/v1/lists")
        after = client.get("/api/v1/mailings")
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert "secret" not in answer.text
    assert answer.json()["detail"]
    assert ("retry-after" in answer.headers) is (status == 503)
    assert (SECRET in caplog.text) is (status == 500), "the log has it"
    assert after.status_code == 200


def test_the_path_of_a_file_is_not_in_an_error(api: Api) -> None:
    for path in ("/issues/2019-01", "/issues/2019-01/checks", "/mailings/77", "/contacts/nobody@x.example"):
        answer = api.client.get(path)
        assert answer.status_code == 404
        assert str(api.house.home) not in answer.text
    broken = api.house.home / "issues" / "broken"
    broken.mkdir()
    (broken / "issue.md").write_text("---\nyear: x\n---\n", "utf-8")
    answer = api.client.get("/issues/broken/checks")
    assert answer.status_code == 422
    assert str(api.house.home) not in answer.text
    assert answer.json()["detail"]
