"""How the relays stand, and what a person may try at each: a log-in by itself, a test mail."""

import asyncio
from dataclasses import dataclass

from fastapi import Response

from mailer.i18n import _
from mailer.model.people import Right
from mailer.model.proof import ProofCopy
from mailer.model.relay_trial import STEP_WORDS, LogInTrial, say_trial_cure
from mailer.model.standing_words import domain_line, say_pace, say_until
from mailer.model.words import PROOF_WORDS, class_word
from mailer.web.console.desk import Desk, Visit


@dataclass(frozen=True, slots=True)
class Tested:
    """What a person tried at a relay, and what came of it: a log-in, or a test mail with what its reply means."""

    name: str = ""
    trial: LogInTrial | None = None
    copy: ProofCopy | None = None
    means: str = ""


def add_relays(desk: Desk) -> None:
    """Add the page of the relays."""
    desk.show("/relays")(show_relays)
    desk.act("/relays/lift", Right.RELEASE)(lift_stops)
    desk.act("/relays/test", Right.TEST_RELAYS)(try_log_in)
    desk.act("/relays/mail", Right.TEST_RELAYS)(mail_test)


def show_relays(visit: Visit) -> Response:
    """Each relay: where it is, what its limits leave, why it rests."""
    return _page(visit, Tested())


def _page(visit: Visit, tested: Tested) -> Response:
    house = visit.house
    standing, zone = house.relays.standing(), house.config.zone
    return visit.page(
        "relays.html.j2",
        relays=[(one, house.config.relays.get(one.name), say_pace(one, standing.at, zone)) for one in standing.relays],
        domains=domain_line(standing, zone),
        notices=house.notices.list(20),
        tested=tested,
        say_cure=say_trial_cure,
        outcome_word=lambda outcome: _(PROOF_WORDS[outcome]),
        step_word=lambda kind: _(STEP_WORDS[kind]),
        my_address=visit.session.user.email,
    )


def lift_stops(visit: Visit) -> Response:
    """Have relays tried again that asked to stop."""
    lifted = visit.house.relays.lift(visit.by)
    return visit.go("/relays", _("{n} relays are tried again.").format(n=lifted))


def try_log_in(visit: Visit) -> Response:
    """Try to log in, and show each step."""
    name = visit.text("relay")
    trial = asyncio.run(visit.house.relay_tests.log_in(name, visit.by))
    return _page(visit, Tested(name, trial))


def mail_test(visit: Visit) -> Response:
    """Mail a test, and show what the relay said."""
    house, name = visit.house, visit.text("relay")
    copy = asyncio.run(house.relay_tests.mail(name, visit.text("to"), visit.by))
    means = class_word(copy.reply_class.value) if copy.reply_class is not None else ""
    if copy.free_at is not None:
        means = _("try again after {when}").format(when=say_until(copy.free_at, house.now(), house.config.zone))
    elif copy.summary:
        means = _("{class_word}: {sentence}").format(class_word=means, sentence=_(copy.summary))
    return _page(visit, Tested(name, copy=copy, means=means))
