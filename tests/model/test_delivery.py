"""The tables of moves say what DESIGN §4 says."""

from mailer.model.delivery import (
    DELIVERY_MOVES,
    ISSUE_MOVES,
    MAILING_MOVES,
    DeliveryStatus,
    IssueStatus,
    MailingStatus,
    sources_of,
)


def test_every_state_has_its_row() -> None:
    assert set(DELIVERY_MOVES) == set(DeliveryStatus)
    assert set(MAILING_MOVES) == set(MailingStatus)
    assert set(ISSUE_MOVES) == set(IssueStatus)


def test_accepted_is_final_and_nothing_is_accepted_without_having_been_sent() -> None:
    assert DELIVERY_MOVES[DeliveryStatus.ACCEPTED] == frozenset()
    accepted_from = sources_of(DeliveryStatus.ACCEPTED, DELIVERY_MOVES)
    assert accepted_from == {DeliveryStatus.SENDING, DeliveryStatus.UNCERTAIN}


def test_a_cancelled_mailing_stays_cancelled() -> None:
    assert MAILING_MOVES[MailingStatus.CANCELLED] == frozenset()
