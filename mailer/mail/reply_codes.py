"""What a reply's codes alone mean, where no rule knows its words (RFC 5321 §4.2.3, RFC 3463, RFC 7505)."""

from mailer.i18n import N_
from mailer.model.outcome import Action, Meaning, Phase, Reply, ReplyClass

C, A = ReplyClass, Action
BY_CODE = "default"  # the name of the rule where the codes alone were asked

OPENING = frozenset({Phase.CONNECT, Phase.BANNER, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.MAIL})

# RFC 3463 subject and detail of a refusal at RCPT or later: class, action, permanent, issues before suppression
_Row = tuple[ReplyClass, Action, bool, int]
_DETAILS: dict[str, _Row] = {
    "1.1": (C.GONE, A.SUPPRESS, True, 0),
    "1.2": (C.UNKNOWN, A.SUPPRESS_AFTER, True, 3),  # the domain; a typing error or a lapse
    "1.3": (C.GONE, A.SUPPRESS_AFTER, True, 2),
    "1.6": (C.GONE, A.SUPPRESS, True, 0),
    "1.7": (C.SENDER_POLICY, A.STOP_AND_ASK, False, 0),
    "1.8": (C.SENDER_POLICY, A.STOP_AND_ASK, False, 0),
    "1.10": (C.GONE, A.SUPPRESS, True, 0),  # RFC 7505: the domain says it takes no mail
    "2.1": (C.INACTIVE, A.SUPPRESS_AFTER, True, 2),
    "2.2": (C.FULL, A.SUPPRESS_AFTER, False, 3),
    "2.3": (C.CONTENT, A.STOP_AND_ASK, True, 0),
    "3.4": (C.CONTENT, A.STOP_AND_ASK, True, 0),
    "4.7": (C.TEMPORARY, A.SUPPRESS_AFTER, True, 3),  # tried until it was too old
    "5.3": (C.RATE_CONNECTION, A.RECONNECT, False, 0),
    "6.7": (C.CONFIG, A.NONE, True, 0),  # RFC 6531: this address needs SMTPUTF8 on the way
    "7.8": (C.AUTH, A.STOP_AND_ASK, False, 0),
    "7.13": (C.INACTIVE, A.SUPPRESS_AFTER, True, 2),  # RFC 5248
    "7.17": (C.GONE, A.SUPPRESS, True, 0),  # RFC 7293: the mailbox has changed hands
    # RFC 7372: DKIM, SPF, the address's name, several of them; RFC 7505: the sender's domain takes no mail
    "7.20": (C.SENDER_POLICY, A.STOP_AND_ASK, False, 0),
    "7.21": (C.SENDER_POLICY, A.STOP_AND_ASK, False, 0),
    "7.22": (C.SENDER_POLICY, A.STOP_AND_ASK, False, 0),
    "7.23": (C.SENDER_POLICY, A.STOP_AND_ASK, False, 0),
    "7.25": (C.IP_POLICY, A.STOP_AND_ASK, False, 0),
    "7.26": (C.SENDER_POLICY, A.STOP_AND_ASK, False, 0),
    "7.27": (C.SENDER_POLICY, A.STOP_AND_ASK, False, 0),
    "7.28": (C.RATE_DOMAIN, A.SLOW_DOMAIN, False, 0),  # IANA: a flood of mail
}
_SUBJECTS: dict[str, _Row] = {
    "4": (C.TEMPORARY, A.SUPPRESS_AFTER, True, 3),
    "5": (C.PROTOCOL, A.STOP_AND_ASK, False, 0),
    "6": (C.CONTENT, A.STOP_AND_ASK, True, 0),
}
_SUMMARIES: dict[ReplyClass, str] = {
    C.GONE: N_("There is no such mailbox."),
    C.INACTIVE: N_("The mailbox exists but is closed or frozen."),
    C.FULL: N_("The mailbox is full."),
    C.TEMPORARY: N_("The server cannot take it just now."),
    C.GREYLISTED: N_("The server puts off unknown senders on purpose; a try some minutes later is taken."),
    C.RATE_RECIPIENT: N_("This mailbox gets too much mail just now."),
    C.RATE_DOMAIN: N_("The receiving provider takes no more from us just now; the address itself is fine."),
    C.RATE_ACCOUNT: N_("Our account at the relay has used up a sending quota."),
    C.RATE_CONNECTION: N_("This connection has carried as much as the server allows; a new one may go on."),
    C.CONTENT: N_("The server does not take this message."),
    C.IP_POLICY: N_("The server does not take mail from the address we send from."),
    C.SENDER_POLICY: N_("The server does not let this sender write here."),
    C.AUTH: N_("The login was refused, or one is wanted."),
    C.CONFIG: N_("Our settings do not fit this relay."),
    C.PROTOCOL: N_("One of the two sides does not keep to SMTP."),
    C.OPT_OUT: N_("The reader has blocked us."),
    C.UNKNOWN: N_("Refused, and the reply does not say why."),
}


def effective_digit(reply: Reply) -> str:
    """Return "2", "4" or "5": the code's first digit, else the enhanced code's (facts F19), else "0"."""
    return str(reply.code)[0] if reply.code else reply.enhanced[:1] or "0"


def summary_of(reply_class: ReplyClass) -> str:
    """Return the sentence of a class, an English msgid."""
    return _SUMMARIES[reply_class]


def make_meaning(row: _Row, retry_after_s: int = 0) -> Meaning:
    """Return the meaning of a class, with its own sentence."""
    reply_class, action, permanent, issues = row
    return Meaning(reply_class, action, permanent, retry_after_s, issues, BY_CODE, _SUMMARIES[reply_class])


def by_code(reply: Reply) -> Meaning:
    """Return what code, enhanced code and phase say; never GONE or INACTIVE where the two codes disagree (F19)."""
    digit = effective_digit(reply)
    if digit == "5":
        return _permanent(reply)
    if digit in "23" and reply.phase not in OPENING:
        return Meaning(C.UNKNOWN, A.NONE, permanent=False, summary=N_("The server took it."))
    return _temporary(reply)


def _temporary(reply: Reply) -> Meaning:
    if reply.phase is Phase.AUTH:
        return make_meaning((C.TEMPORARY, A.PAUSE_RELAY, False, 0), 300)
    if reply.code == 421:
        opening = reply.phase in OPENING - {Phase.MAIL}
        return make_meaning((C.TEMPORARY, A.PAUSE_RELAY if opening else A.RECONNECT, False, 0), 60 if opening else 0)
    detail = reply.enhanced[2:]
    if reply.phase is Phase.MAIL:
        return make_meaning((C.TEMPORARY, A.RETRY, False, 0))
    if detail == "2.2":
        return make_meaning((C.FULL, A.SUPPRESS_AFTER, False, 3))
    if detail == "5.3" or (reply.code == 452 and "recipient" in reply.text.lower()):
        return make_meaning((C.RATE_CONNECTION, A.RECONNECT, False, 0))
    return make_meaning((C.TEMPORARY, A.RETRY, False, 0))


def _permanent(reply: Reply) -> Meaning:
    at_opening = _at_opening(reply)
    if at_opening is not None:
        return make_meaning(at_opening)
    detail = reply.enhanced[2:]
    row = _DETAILS.get(detail) or _SUBJECTS.get(detail.partition(".")[0])
    if row is not None:
        if row[0].hard and reply.enhanced[0] != "5":
            return make_meaning((C.UNKNOWN, A.SUPPRESS_AFTER, True, 3))
        return make_meaning(row)
    if detail.startswith("7."):
        # one reader's policy at RCPT, but at the message it will be everybody's
        at_rcpt = reply.phase is Phase.RCPT
        return make_meaning((C.SENDER_POLICY, A.NONE, True, 0) if at_rcpt else (C.CONTENT, A.STOP_AND_ASK, True, 0))
    return make_meaning(_plain(reply))


def _at_opening(reply: Reply) -> _Row | None:
    match reply.phase:
        case Phase.CONNECT | Phase.BANNER:
            return C.IP_POLICY, A.STOP_AND_ASK, False, 0
        case Phase.EHLO | Phase.STARTTLS:
            return C.CONFIG, A.STOP_AND_ASK, False, 0
        case Phase.AUTH:
            return C.AUTH, A.STOP_AND_ASK, False, 0
        case Phase.MAIL:
            if reply.code == 530:
                return C.AUTH, A.STOP_AND_ASK, False, 0
            if reply.code == 552 or reply.enhanced[2:] in ("3.4", "2.3"):
                return C.CONTENT, A.STOP_AND_ASK, False, 0
            if reply.code in (500, 501, 502, 503, 504, 555):
                return C.CONFIG, A.STOP_AND_ASK, False, 0
            return C.SENDER_POLICY, A.STOP_AND_ASK, False, 0
        case _:
            return None


def _plain(reply: Reply) -> _Row:
    """A 5yz with no enhanced code worth reading."""
    if reply.code in (530, 535):
        return C.AUTH, A.STOP_AND_ASK, False, 0
    if reply.code in (500, 502, 503, 504):
        return C.PROTOCOL, A.STOP_AND_ASK, False, 0
    if reply.code in (521, 556) and reply.phase is Phase.RCPT:  # RFC 7504: that host takes no mail
        return C.UNKNOWN, A.SUPPRESS_AFTER, True, 3
    if reply.phase is Phase.RCPT:
        if reply.code == 552:
            return C.FULL, A.SUPPRESS_AFTER, False, 3
        return C.UNKNOWN, A.SUPPRESS_AFTER, True, 3
    if reply.code in (550, 552, 554):
        return C.CONTENT, A.STOP_AND_ASK, True, 0
    return C.UNKNOWN, A.NONE, True, 0
