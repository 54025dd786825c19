"""Words for what returned mail reports."""

from mailer.i18n import N_
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
