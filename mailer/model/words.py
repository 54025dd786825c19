"""Words for states and classes, as users read them in tables and pages, and what staff can do about each."""

from mailer.i18n import N_, _
from mailer.model.delivery import DeliveryStatus, IssueStatus, MailingStatus
from mailer.model.outcome import ReplyClass
from mailer.model.people import UserRole
from mailer.model.proof import ProofOutcome
from mailer.model.reading import Tracking
from mailer.model.suppression import BY_HAND, COMPLAINT, ERASED, NO_MORE

STATUS_WORDS: dict[DeliveryStatus, str] = {
    DeliveryStatus.PENDING: N_("pending"),
    DeliveryStatus.SENDING: N_("sending"),
    DeliveryStatus.ACCEPTED: N_("accepted"),
    DeliveryStatus.REFUSED: N_("refused"),
    DeliveryStatus.EXPIRED: N_("expired"),
    DeliveryStatus.SUPPRESSED: N_("suppressed"),
    DeliveryStatus.CANCELLED: N_("cancelled"),
    DeliveryStatus.UNCERTAIN: N_("uncertain"),
}
MAILING_WORDS: dict[MailingStatus, str] = {
    MailingStatus.SCHEDULED: N_("scheduled"),
    MailingStatus.RUNNING: N_("running"),
    MailingStatus.PAUSED: N_("paused"),
    MailingStatus.HELD: N_("held"),
    MailingStatus.FINISHED: N_("finished"),
    MailingStatus.CANCELLED: N_("cancelled"),
}
ISSUE_WORDS: dict[IssueStatus, str] = {
    IssueStatus.DRAFT: N_("draft"),
    IssueStatus.SUBMITTED: N_("submitted"),
    IssueStatus.APPROVED: N_("approved"),
}
CLASS_WORDS: dict[ReplyClass, str] = {
    ReplyClass.GONE: N_("no such mailbox"),
    ReplyClass.INACTIVE: N_("mailbox closed"),
    ReplyClass.FULL: N_("mailbox full"),
    ReplyClass.TEMPORARY: N_("temporary fault"),
    ReplyClass.GREYLISTED: N_("greylisted"),
    ReplyClass.RATE_RECIPIENT: N_("too much mail for this mailbox"),
    ReplyClass.RATE_DOMAIN: N_("provider limits our rate"),
    ReplyClass.RATE_CONNECTION: N_("connection limit"),
    ReplyClass.RATE_ACCOUNT: N_("our account is over its quota"),
    ReplyClass.CONTENT: N_("content not accepted"),
    ReplyClass.IP_POLICY: N_("our network address is not accepted"),
    ReplyClass.SENDER_POLICY: N_("our sender is not accepted"),
    ReplyClass.AUTH: N_("login failed"),
    ReplyClass.CONFIG: N_("our settings do not fit"),
    ReplyClass.PROTOCOL: N_("protocol fault"),
    ReplyClass.OPT_OUT: N_("the reader refuses us"),
    ReplyClass.UNKNOWN: N_("unknown reason"),
}
TRACKING_WORDS: dict[Tracking, str] = {
    Tracking.OFF: N_("off"),
    Tracking.CLICKS: N_("clicks"),
    Tracking.FULL: N_("opens and clicks"),
}
REASON_WORDS = {
    COMPLAINT: N_("the reader called it spam"),
    BY_HAND: N_("by hand"),
    ERASED: N_("the person was erased"),
    NO_MORE: N_("the reader wants no more mail"),
    "refused": N_("refused"),
}
ROLE_WORDS: dict[UserRole, str] = {
    UserRole.EDITOR: N_("editor"),
    UserRole.APPROVER: N_("approver"),
    UserRole.SENDER: N_("sender"),
    UserRole.ADMIN: N_("admin"),
}
PAST_WORDS = {
    "planned": N_("a mailing was planned"),
    "held: not approved": N_("held, as its issue was not approved"),
    "no issue": N_("there was no issue, so nothing was sent"),
    "mailed before": N_("its issue was mailed or planned before"),
    "held: later than its grace": N_("held, as it was too late"),
    "skipped: later than its grace": N_("skipped, as it was too late"),
    "nothing is approved": N_("nothing was approved, so nothing was sent"),
}
BEIJING = ("Asia/Shanghai", "Asia/Chongqing", "PRC")
CLASS_CURES: dict[ReplyClass, str] = {
    ReplyClass.GONE: N_("Phone the reader for the right address and correct the sheet."),
    ReplyClass.INACTIVE: N_("Phone the reader: the mailbox must be opened again, or another address given."),
    ReplyClass.FULL: N_("Ask the reader to clear the mailbox; the next issue is tried again."),
    ReplyClass.TEMPORARY: N_("Nothing to do at first; if it stays so, send it again in a day."),
    ReplyClass.GREYLISTED: N_("Nothing to do: the server takes it at a later try."),
    ReplyClass.RATE_RECIPIENT: N_("Wait a few hours, then send it again."),
    ReplyClass.RATE_DOMAIN: N_("Send more slowly to this domain, or over several hours."),
    ReplyClass.RATE_CONNECTION: N_("Use fewer connections to this relay."),
    ReplyClass.RATE_ACCOUNT: N_("Wait for the quota, or add a relay with a higher one."),
    ReplyClass.CONTENT: N_("Look at the check of the issue; ask the provider to list the sender as wanted."),
    ReplyClass.IP_POLICY: N_("Have the relay’s operator look at its address on block lists."),
    ReplyClass.SENDER_POLICY: N_(
        "Check SPF, DKIM and DMARC of the sender’s domain, and the reader’s list of allowed senders."
    ),
    ReplyClass.AUTH: N_("Check the relay’s user name and password."),
    ReplyClass.CONFIG: N_("Compare the relay’s settings with what its operator says."),
    ReplyClass.PROTOCOL: N_("Send it again; if it stays so, show the reply to the relay’s operator."),
    ReplyClass.OPT_OUT: N_("Do not write again; phone if the reader must have the bulletin."),
    ReplyClass.UNKNOWN: N_("Read the reply itself; phone the reader, or ask the provider."),
}
STATUS_CURES: dict[DeliveryStatus, str] = {
    DeliveryStatus.EXPIRED: N_("Phone the reader, then send it again."),
    DeliveryStatus.UNCERTAIN: N_("It may have arrived: ask the reader before it is sent again."),
    DeliveryStatus.SUPPRESSED: N_("Lift the suppression once the address is known to be good."),
    DeliveryStatus.CANCELLED: N_("Send the issue to those who are missing, if they still ought to have it."),
    DeliveryStatus.REFUSED: N_("Read the reply itself; phone the reader, or ask the provider."),
}
PROOF_WORDS: dict[ProofOutcome, str] = {
    ProofOutcome.ACCEPTED: N_("accepted"),
    ProofOutcome.DEFERRED: N_("deferred"),
    ProofOutcome.REFUSED: N_("refused"),
    ProofOutcome.UNCERTAIN: N_("uncertain"),
    ProofOutcome.FAILED: N_("failed"),
    ProofOutcome.WAITS: N_("not tried"),
}
SUPPRESSION_WORDS: dict[str, str] = {
    "unsubscribed": N_("the reader unsubscribed"),
    "complaint": N_("complaint: a reader called it spam"),
    "manual": N_("stopped by staff"),
}


def class_word(name: str) -> str:
    """Return a reply class in the user's language."""
    return _(CLASS_WORDS[ReplyClass(name)]) if name else _("no reply")


def suppression_word(reason: str) -> str:
    """Return why an address gets nothing in the user's language: a class of reply, or another reason on record."""
    if reason in SUPPRESSION_WORDS:
        return _(SUPPRESSION_WORDS[reason])
    return reason_word(reason)


def cure_for(status: DeliveryStatus, reply_class: str) -> str:
    """Return what staff can do about a copy that ended so, or came back: by the reply's class where there is one."""
    if status in (DeliveryStatus.SUPPRESSED, DeliveryStatus.CANCELLED, DeliveryStatus.UNCERTAIN):
        return _(STATUS_CURES[status])
    if reply_class:
        return _(CLASS_CURES[ReplyClass(reply_class)])
    return _(STATUS_CURES[status]) if status in STATUS_CURES else ""


def reason_word(reason: str) -> str:
    """Return why an address is suppressed in the user's language: a reply class, a complaint, or a person's hand."""
    word = REASON_WORDS.get(reason)
    return _(word) if word else class_word(reason) if reason in set(ReplyClass) else reason


def zone_word(key: str) -> str:
    """Return a time zone as people call it where they have a word for it, else its name in the IANA database."""
    return _("Beijing time") if key in BEIJING else key
