"""Failures told in prose: whether a mail is such a notice, whom it names, and what it says of them."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from mailer.mail.message import DELIVERY_HEADER
from mailer.mail.replies import ReplyRules
from mailer.mail.returned.addresses import find_addresses, is_address
from mailer.mail.returned.answers import has_automatic_subject
from mailer.mail.returned.judging import find_status, judge_recipient
from mailer.mail.returned.last_resort import ask_flufl
from mailer.mail.returned.notice import Named, Notice
from mailer.mail.returned.parts import OpenedMail, head_value
from mailer.mail.returned.phrases import FAILED, SUBJECT, has_phrase, phrases_of
from mailer.mail.returned.places import ELSEWHERE, SPOKEN
from mailer.mail.returned.told import find_reply, line_of_code
from mailer.model.report import ReportedRecipient, ReportKind

MAX_RECIPIENTS = 200
_SENDER = re.compile(
    r"mailer[-_. ]?daemon|post[-_ ]?master|mdaemon|mail[-_. ]?(?:delivery|system|admin|server|service"
    r"|router|er\b)|delivery[-_. ]?(?:sub)?system|delivery[-_. ]?(?:failure|notification|agent|report"
    r"|status)"
    r"|system administrator|microsoft (?:outlook|exchange)|bounce|\bndr@|\bimss@|interscan|exchange[-_. ]"
    r"|mail_service|antivirus|non-?deliver|lotus ?notes|daemon@|^<?>?$|\"\" ?<>|<>|邮件系统|邮局"
    r"|系统管理员|邮件管理员|邮递|退信|邮件服务"
)
_NEGATED = (
    "fail",
    "undeliver",
    "not been",
    "not be ",
    "n't be",
    "未",
    "无法",
    "失败",
    "没有",
    "nicht ",
    "無法",
    "失敗",
)
_BOUNCED = re.compile(r"BouncedRcpt=([^&\"'\s<>]{3,300})")
_TO_A_LIST = (
    "X-BeenThere",
    "List-Post",
    "List-Id",
    "X-Mailman-Version",
    "Newsgroups",
    "X-Mailing-List",
    "X-Loop",
    "Mailing-List",
)

_DELIVERED, _RELAYED = phrases_of("delivered"), phrases_of("relayed")


@dataclass(frozen=True, slots=True)
class Failures:
    """What a notice in prose reports: its kind and recipients, perhaps none."""

    kind: ReportKind
    recipients: tuple[ReportedRecipient, ...]


def is_failure(mail: OpenedMail, notice: Notice) -> bool:
    """True where a mail server, not a person, says what became of a mail."""
    if mail.head.get("X-Failed-Recipients") is not None:
        return True
    about = mail.value("Subject").lower()
    told = has_phrase(about, SUBJECT)
    said = notice.failed or notice.late
    if _SENDER.search(mail.value("From").lower()) or mail.head.get("From") is None:
        return (told or said) and not (has_automatic_subject(about) and not notice.certain)
    kind = str(mail.head.get("Content-Type", "")).lower()
    typed = (
        "report-type" in kind
        or kind.startswith("multipart/report")
        or mail.head.get("X-MS-Embedded-Report") is not None
    )
    submitted = mail.value("Auto-Submitted").lower()
    if typed or "fail" in submitted or "reject" in submitted:
        return told or said
    if has_automatic_subject(about) or not (told and said):
        return False
    answered = mail.head.get("In-Reply-To") is not None or mail.head.get("References") is not None
    return submitted.startswith("auto") or not answered


def read_failures(
    raw: bytes, mail: OpenedMail, notice: Notice, own: frozenset[str], rules: ReplyRules | None
) -> Failures:
    """Return what a notice of failure says; flufl.bounce is asked only where nothing here finds a recipient."""
    kind = kind_of(mail, notice)
    named = _named(mail, notice, own)
    if not named:
        late, failed = ask_flufl(raw)
        named = [Named(address, "") for address in failed or late if address.lower() not in own]
        if late and not failed:
            kind = ReportKind.DELAYED
    recipients = (_judge(one, kind, notice, rules) for one in named[:MAX_RECIPIENTS])
    return Failures(kind, tuple(recipients))


def kind_of(mail: OpenedMail, notice: Notice) -> ReportKind:
    """Return what the words of a server's notice say became of the mail."""
    head = notice.prose[:3000].lower()
    about = mail.value("Subject").lower()
    good = has_phrase(about, _DELIVERED) or has_phrase(head, _DELIVERED) or "relayed" in about
    if good and not has_phrase(about, _NEGATED) and not has_phrase(head, _NEGATED):
        return ReportKind.RELAYED if has_phrase(head, _RELAYED) or "relayed" in about else ReportKind.DELIVERED
    return ReportKind.DELAYED if notice.late else ReportKind.BOUNCE


def _named(mail: OpenedMail, notice: Notice, own: frozenset[str]) -> list[Named]:
    """Return the recipients by the best witness: the server's own field or link, the words, the returned mail."""
    told = {one.address.lower(): one for one in notice.named}
    sure = [address for address, _begin, _end in find_addresses(mail.value("X-Failed-Recipients"))]
    if not sure:
        sure = [
            text for page in mail.markups for match in _BOUNCED.finditer(page) if is_address(text := unquote(match[1]))
        ]
    if sure:
        return [told.get(address.lower()) or Named(address, "") for address in dict.fromkeys(sure)]
    if notice.named and notice.weight >= SPOKEN:
        return list(notice.named)
    subject = [address for address, _begin, _end in find_addresses(mail.value("Subject")) if address.lower() not in own]
    if len(set(subject)) == 1:
        return [told.get(subject[0].lower()) or Named(subject[0], "")]
    if notice.weight == ELSEWHERE and notice.named and notice.named[0].address.lower() not in own:
        return list(notice.named)
    if address := _returned_to(mail, own):
        return [Named(address, "")]
    return list(notice.named)


def _returned_to(mail: OpenedMail, own: frozenset[str]) -> str:
    """Return whom the returned mail was to, where it was to one reader and not to a mailing list."""
    for head in mail.originals:
        ours = head.get(DELIVERY_HEADER) is not None
        if not ours and (
            any(head.get(name) is not None for name in _TO_A_LIST) or "list" in head_value(head, "Precedence").lower()
        ):
            continue
        found = {address for address, _begin, _end in find_addresses(head_value(head, "To"))}
        if len(found) == 1 and (ours or not head_value(head, "Cc")):
            (address,) = found
            if ours or address.lower() not in own:
                return address
    return ""


def _judge(one: Named, kind: ReportKind, notice: Notice, rules: ReplyRules | None) -> ReportedRecipient:
    diagnostic = find_reply(one.told)
    if not diagnostic and len(notice.named) < 2:
        diagnostic = find_reply(line_of_code(notice.prose))
    if not diagnostic:
        diagnostic = (
            one.told if len(one.told.split()) > 2 or not one.told.isascii() else first_failing_words(notice.prose)
        )
    return judge_recipient(
        one.address, kind, find_status(find_reply(diagnostic)), diagnostic, f"{one.told} {notice.words}", rules
    )


def first_failing_words(prose: str) -> str:
    """Return the first line of a notice that says something failed, with the next; empty where none does."""
    lines = [line.strip() for line in prose.split("\n") if line.strip()]
    for number, line in enumerate(lines):
        if has_phrase(line.lower(), FAILED):
            return " ".join(lines[number : number + 2])[:500]
    return ""
