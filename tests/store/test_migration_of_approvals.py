"""Approvals of before there were steps: brought to the present schema with what they said."""

from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text

from mailer.model.approval import ApprovalRules, ApprovedList, Step
from mailer.model.people import Actor
from mailer.store import approvals
from mailer.store.database import Store, alembic_config, open_store
from mailer.store.database import _connect as connect
from mailer.store.database import _make_file as make_file
from tests.databases import create_database

BEFORE = """
INSERT INTO issue (id, slug, status, content_sha256, year, issued_on, changed_at)
VALUES (1, '2020-07', 'approved', 'c0', 2020, '2020-07-31', '2020-07-31 02:00:00.000000');
INSERT INTO edition (id, issue_id, list_name, sha256, stored, created_at)
VALUES (7, 1, 'members', 'e7', '{}', '2020-07-31 02:00:00.000000');
INSERT INTO approval (id, issue_id, content_sha256, approved_by, approved_at, voided_at)
VALUES (1, 1, 'b0', '旧人', '2020-07-30 02:00:00.000000', '2020-07-31 01:00:00.000000');
INSERT INTO approval (id, issue_id, content_sha256, approved_by, approved_at)
VALUES (2, 1, 'c0', '主编', '2020-07-31 02:00:00.000000');
INSERT INTO approval_edition (approval_id, edition_id) VALUES (2, 7);
INSERT INTO mailing (id, issue_id, approval_id, status, created_at)
VALUES (1, 1, 2, 'finished', '2020-07-31 02:00:00.000000')
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_approval_of_before_is_approved_with_one_step(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    path = tmp_path / "mailer.db"
    if kind == "sqlite":
        url, store = "", Store(make_file(path))
    else:
        url = create_database(request.getfixturevalue("postgresql"), "template1")
        store = connect(url)
    with store.rebuild() as connection:
        command.upgrade(alembic_config(connection), "0003")
    with store.write() as connection:
        for statement in BEFORE.split(";"):
            connection.execute(text(statement.replace(":", "\\:")))
    store.close()

    store = open_store(url, path)
    with store.read() as connection:
        new, old = approvals.list_approvals(connection, 1, 5)
        assert approvals.standing_approval(connection, 1) == new
        assert approvals.read_content(connection, 2) is None
        assert connection.execute(text("SELECT approval_id FROM mailing")).scalar() == 2
    store.close()
    assert (new.approved_by, new.submitted_by, new.approved_at) == ("主编", Actor("主编"), new.submitted_at)
    assert new.rules == ApprovalRules((Step("签发"),))
    assert new.lists == (ApprovedList("members", 7, "e7", None),)
    assert (new.voided, new.next_step) == (None, None)
    assert old.voided is not None
    assert (old.voided.reason, old.approved_by) == (None, "旧人")
