"""Words for what returned mail reports."""

from collections.abc import Sequence

from mailer.i18n import N_, _, ngettext
from mailer.model.kept_mail import HandMeaning, HandTie, TakenBack
from mailer.model.report import ReportKind

REPORT_WORDS: dict[ReportKind, str] = {
    ReportKind.BOUNCE: N_("bounce"),
    ReportKind.DELIVERED: N_("delivered"),
    ReportKind.DELAYED: N_("delayed"),
    ReportKind.RELAYED: N_("passed on to a server that sends no receipts"),
    ReportKind.COMPLAINT: N_("complaint: a reader called it spam"),
    ReportKind.RECEIPT: N_("receipt"),
    ReportKind.AUTO_REPLY: N_("automatic reply"),
    ReportKind.CHALLENGE: N_("a filter asks the sender to confirm"),
    ReportKind.UNSUBSCRIBE: N_("a reader asks to leave"),
    ReportKind.OTHER: N_("not understood"),
}

# the disposition types of RFC 8098 and of RFC 2298 before it
RECEIPT_WORDS: dict[str, str] = {
    "displayed": N_("shown to the reader"),
    "deleted": N_("deleted, perhaps unread"),
    "dispatched": N_("sent on by the reader's program"),
    "processed": N_("handled by a program, perhaps unread"),
    "denied": N_("the reader sends no receipts"),
}

HAND_WORDS: dict[HandMeaning, str] = {
    HandMeaning.HARD: N_("bounce: the address is dead"),
    HandMeaning.SOFT: N_("bounce for now: the mailbox is full, out of order, …"),
    HandMeaning.COMPLAINT: N_("complaint: the reader called it spam"),
    HandMeaning.LEFT: N_("the reader wants to leave this list"),
    HandMeaning.ANSWER: N_("an answer by the reader"),
    HandMeaning.NOTHING: N_("it says nothing of any copy"),
}


def say_tie(made: HandTie) -> str:
    """Return what came of a tie made by hand."""
    if not made.address:
        return _("It is recorded that this mail is about no copy.")
    if made.suppressed:
        return _("Recorded; {address} gets nothing from now on.").format(address=made.address)
    if made.left:
        return _("Recorded; {address} has left the list.").format(address=made.address)
    return _("Recorded on the copy to {address}.").format(address=made.address)


def say_taken_back(taken: Sequence[TakenBack]) -> str:
    """Return what came of taking back."""
    done = ngettext("{n} mail waits again.", "{n} mails wait again.", len(taken)).format(n=len(taken))
    if any(one.stays_suppressed for one in taken):
        return done + " " + _("An address stays suppressed, as other mail to it has failed since.")
    return done
