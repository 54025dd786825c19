"""Every kind of thing that users are told of has a word."""

import pytest

from mailer.model.audit import Act, AuditFault
from mailer.model.audit_words import ACT_WORDS, FAULT_WORDS
from mailer.model.delivery import DeliveryStatus, IssueStatus, MailingStatus
from mailer.model.history import Absence, NextKind
from mailer.model.history_words import ABSENCE_WORDS, NEXT_WORDS, PHASE_WORDS
from mailer.model.outcome import Phase, ReplyClass
from mailer.model.people import UserRole
from mailer.model.report import ReportKind
from mailer.model.report_words import REPORT_WORDS
from mailer.model.words import CLASS_WORDS, ISSUE_WORDS, MAILING_WORDS, ROLE_WORDS, STATUS_WORDS


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (Act, ACT_WORDS), (AuditFault, FAULT_WORDS), (DeliveryStatus, STATUS_WORDS), (MailingStatus, MAILING_WORDS),
        (IssueStatus, ISSUE_WORDS), (ReplyClass, CLASS_WORDS), (UserRole, ROLE_WORDS), (ReportKind, REPORT_WORDS),
        (Phase, PHASE_WORDS), (Absence, ABSENCE_WORDS), (NextKind, NEXT_WORDS),
    ],
)  # fmt: skip
def test_each_has_its_word(kinds: type, words: dict[object, str]) -> None:
    assert [one for one in kinds if not words.get(one)] == []  # type: ignore[attr-defined]
