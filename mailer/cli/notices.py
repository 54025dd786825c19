"""What every command says at its end, in one line on stderr, when a person must know it."""

import logging
from typing import TYPE_CHECKING

from mailer.cli.drawing import err, say, show_time
from mailer.i18n import _
from mailer.model.identity import Hold

if TYPE_CHECKING:
    from mailer.app import House

log = logging.getLogger(__name__)


def say_notice(house: "House") -> None:
    """Say that the house is held, else that a date passes with no clock running. Never fails the command.

    Only a database that is there is looked at, and a server only where the command has asked it already.
    """
    try:
        if not house.is_at_hand:
            return
        line = hold_line(hold) if (hold := house.identity.look()) else _missed_line(house)
    except Exception:  # the command has done its work, and must not fail for what it says besides
        log.debug("no notice", exc_info=True)
        return
    if line:
        say(line, "yellow", err)


def hold_line(hold: Hold) -> str:
    """Return why a house sends nothing, with the cure, in one line."""
    return _("this house sends nothing: {why}").format(why=hold.why) + " → " + hold.cure


def _missed_line(house: "House") -> str:
    missed = house.timetable.missed()
    if missed is None:
        return ""
    zone = house.config.zone
    if missed.schedule:
        what = _("schedule {name}").format(name=missed.schedule)
    else:
        what = _("mailing {id}").format(id=missed.mailing_id)
    line = _("due {when}, and past: {what}") if missed.due_at <= house.now() else _("due {when}: {what}")
    words = line.format(what=what, when=show_time(missed.due_at, zone))
    if missed.seen_at is None:
        words += _(", and no clock has run here yet")
    else:
        words += _(", and no clock has run since {when}").format(when=show_time(missed.seen_at, zone))
    return words + " → " + _("start `mailer serve`; `mailer serve --print-unit` has the system start it")
