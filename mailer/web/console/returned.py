"""Returned mail that waits for a person: readers' answers, and what was not, or not surely, understood."""

from fastapi import Response

from mailer.i18n import _, ngettext
from mailer.model.people import Right
from mailer.model.report import ReportKind
from mailer.model.report_words import REPORT_WORDS
from mailer.web.console.desk import Desk, Visit

SHOWN = 100


def add_returned(desk: Desk) -> None:
    """Add the pages of returned mail."""
    desk.show("/returned")(show_returned)
    desk.act("/returned/poll", Right.SUPPRESS)(poll)


def show_returned(visit: Visit) -> Response:
    """Answers, or the others."""
    house = visit.house
    others = visit.ask("kind") == "others"
    answers_count, others_count = house.returned.count_kept()
    bounces = house.config.bounces
    return visit.page(
        "returned.html.j2",
        mails=house.returned.kept(answers=not others, most=SHOWN),
        others=others,
        answers_count=answers_count,
        others_count=others_count,
        read_from=bounces.imap_host or bounces.maildir,
        kind_word=lambda kind: _(REPORT_WORDS[ReportKind(kind)]),
    )


def poll(visit: Visit) -> Response:
    """Read what is new now."""
    found = visit.house.returned.poll()
    sentence = ngettext("{n} new mail was read.", "{n} new mails were read.", len(found)).format(n=len(found))
    return visit.go("/returned", sentence)
