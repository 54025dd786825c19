"""Returned mail that waits for a person: readers' answers, and what was not, or not surely, understood."""

from email.utils import parseaddr
from urllib.parse import urlencode

from fastapi import Response

from mailer.errors import MailerError, UsageError
from mailer.i18n import _, ngettext
from mailer.model.kept_mail import HandMeaning, KeptMail, KeptState, Saying
from mailer.model.people import Right
from mailer.model.report import ReportKind
from mailer.model.report_words import HAND_WORDS, REPORT_WORDS, say_taken_back, say_tie
from mailer.web.console.desk import Desk, Visit

SHOWN = 50


def add_returned(desk: Desk) -> None:
    """Add the pages of returned mail."""
    desk.show("/returned")(show_returned)
    desk.show("/returned/{number:int}")(show_mail)
    desk.act("/returned/poll", Right.SUPPRESS)(poll)
    desk.act("/returned/done", Right.SUPPRESS)(mark_done)
    desk.act("/returned/undo", Right.SUPPRESS)(take_back)
    desk.act("/returned/{number:int}/tie", Right.SUPPRESS)(tie)


def show_returned(visit: Visit) -> Response:
    """The mails of a kind, a page of them; and what was done last, with the way to take it back."""
    house = visit.house
    asked, before = visit.ask("kind"), visit.number(visit.ask("before"))
    state = KeptState(asked) if asked in set(KeptState) else KeptState.ANSWERS
    answers_count, others_count = house.kept_mail.count()
    mails = house.kept_mail.list(state, SHOWN + 1, before or None)
    bounces = house.config.bounces
    return visit.page(
        "returned.html.j2",
        mails=mails[:SHOWN],
        more=mails[SHOWN - 1].id if len(mails) > SHOWN else 0,
        state=state.value,
        answers_count=answers_count,
        others_count=others_count,
        just_done=[one for one in visit.ask("undo").split(",") if one.isdecimal()],
        read_from=bounces.imap_host or bounces.maildir,
        say_kind=_say_kind,
    )


def _say_kind(mail: KeptMail) -> str:
    if mail.meaning is not None:
        return _("said by hand: {text}").format(text=_(HAND_WORDS[mail.meaning]))
    return "" if mail.answer else _(REPORT_WORDS[ReportKind(mail.kind)])


def show_mail(visit: Visit, number: int) -> Response:
    """One mail, and the copies that it may be about: those that were searched for, else those that it names."""
    house = visit.house
    mail = house.kept_mail.get(number)
    words, mailing = visit.ask("q").strip(), visit.ask("mailing")
    chosen = visit.number(mailing) or None
    searched = bool(words) or chosen is not None
    copies = house.kept_mail.find_copies(words, chosen) if searched else house.kept_mail.suggest_copies(mail)
    return visit.page(
        "returned_mail.html.j2",
        mail=mail,
        copies=copies,
        searched=searched,
        words=words,
        mailing_chosen=mailing,
        mailings=[(str(one.id), f"{one.id} · {one.issue_slug}") for one in house.mailings.newest() if one.started_at],
        meanings=[(one.value, _(HAND_WORDS[one])) for one in HandMeaning],
        say_kind=_say_kind,
        writer=_writer(visit, mail),
    )


def _writer(visit: Visit, mail: KeptMail) -> str:
    """Return the address of who wrote a mail where a contact has it, else nothing."""
    address = parseaddr(mail.sender)[1]
    try:
        known = visit.house.contacts.tell(address).contact
    except MailerError:
        return ""
    return known.address if known is not None else ""


def poll(visit: Visit) -> Response:
    """Read what is new now."""
    found = visit.house.returned.poll()
    sentence = ngettext("{n} new mail was read.", "{n} new mails were read.", len(found)).format(n=len(found))
    return visit.go("/returned", sentence)


def _back(visit: Visit, undo: str = "") -> str:
    kind = visit.text("kind")
    asked = {"kind": kind if kind in set(KeptState) else KeptState.ANSWERS.value, "undo": undo}
    return f"/returned?{urlencode({key: value for key, value in asked.items() if value})}"


def mark_done(visit: Visit) -> Response:
    """Mark mails as dealt with."""
    changed = visit.house.kept_mail.mark_done(_numbers(visit), visit.by)
    sentence = ngettext("{n} mail is dealt with.", "{n} mails are dealt with.", len(changed)).format(n=len(changed))
    return visit.go(_back(visit, ",".join(map(str, changed))), sentence)


def take_back(visit: Visit) -> Response:
    """Have mails wait again: that they were done, or what was said of them, is taken back."""
    taken = visit.house.kept_mail.take_back(_numbers(visit), visit.by)
    stays = any(one.stays_suppressed for one in taken)
    return visit.go(_back(visit), say_taken_back(taken), "warning" if stays else "success")


def tie(visit: Visit, number: int) -> Response:
    """Say which copy a mail is about and what it means."""
    said, copy = visit.text("meaning"), visit.text("copy")
    if said not in set(HandMeaning):
        raise UsageError(_("no meaning was chosen"), cure=_("choose what the mail means"))
    chosen = visit.number(copy) or None
    made = visit.house.kept_mail.tie(number, Saying(HandMeaning(said), chosen, visit.text("reason")), visit.by)
    return visit.go(f"/returned/{number}", say_tie(made))


def _numbers(visit: Visit) -> list[int]:
    return [number for one in visit.texts("mail") if (number := visit.number(one))]
