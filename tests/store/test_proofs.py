"""Proofs are on record from before the first copy leaves, newest first, each issue's its own; on both databases."""

from mailer.model.delivery import IssueStatus
from mailer.store import proofs
from mailer.store.database import Store
from tests.world import NOW, World


def test_a_proof_is_on_record_before_its_end_and_with_its_reply_after(store: Store) -> None:
    editions = [("government", "a" * 64), ("members", "b" * 64)]
    with store.write() as connection:
        ids = proofs.record_proof(connection, "2020-07", editions, IssueStatus.DRAFT, "责任编辑", 3, NOW)
        proofs.record_proof(connection, "2020-08", editions[:1], IssueStatus.APPROVED, "主编", 1, NOW)
    with store.read() as connection:
        cut_off = proofs.list_proofs(connection, "2020-07")
    assert [(one.list_name, one.accepted, one.recipients, one.reply) for one in cut_off] == [
        ("members", 0, 3, ""), ("government", 0, 3, ""),
    ]  # fmt: skip
    with store.write() as connection:
        proofs.finish_proof(connection, ids["members"], 2, "550 5.1.1 User unknown")
    with store.read() as connection:
        newest, _older = proofs.list_proofs(connection, "2020-07")
        (other,) = proofs.list_proofs(connection, "2020-08")
        assert len(proofs.list_proofs(connection, "2020-07", most=1)) == 1
    assert (newest.accepted, newest.reply, newest.edition_sha256) == (2, "550 5.1.1 User unknown", "b" * 64)
    assert (newest.sent_by, newest.sent_at, newest.issue_status) == ("责任编辑", NOW, IssueStatus.DRAFT)
    assert other.issue_status is IssueStatus.APPROVED


def test_a_proof_needs_no_issue_on_record_and_reaches_nobody(world: World) -> None:
    with world.store.write() as connection:
        proofs.record_proof(connection, "2099-01", [("members", "c" * 64)], IssueStatus.DRAFT, "编辑", 1, NOW)
    assert len(world.claim_all(world.start_mailing())) == 7
