"""Commands on relays: relay test, relay mail."""

import asyncio
from typing import Annotated

import typer
from rich.markup import escape

from mailer.cli.drawing import say, say_json, show_clock
from mailer.cli.options import AsOption, HouseGroup, JsonOption, acting_name, open_house
from mailer.cli.proof import describe_copy, explain_copy
from mailer.i18n import _
from mailer.model.proof import ProofOutcome
from mailer.model.relay_trial import STEP_WORDS, LogInTrial, say_trial_cure
from mailer.model.words import PROOF_WORDS

RelayArgument = Annotated[str, typer.Argument(metavar="NAME", help=escape(_("a relay: NAME of its [relays.NAME]")))]


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(
        name="relay", cls=HouseGroup, no_args_is_help=True, help=_("Try the servers that take our mail.")
    )
    group.command(
        "test",
        help=_("Connect, verify the certificate, log in and say goodbye; no mail is sent."),
        epilog=_(
            "For example: `mailer relay test main`. It shows each step with the relay’s own words, what it offers and "
            "how long its certificate is good; where a step fails, what to do. Exit code 1 then. At most six tests of "
            "a relay in ten minutes, as providers close accounts after log-ins that fail."
        ),
    )(try_log_in)
    group.command(
        "mail",
        help=_("Send a short test mail through this relay, signed and within its limits like any copy."),
        epilog=_("For example: `mailer relay mail main --to li@firm.example`. Exit code 1 unless it was accepted."),
    )(mail)
    app.add_typer(group)


def try_log_in(ctx: typer.Context, relay: RelayArgument, name: AsOption = "", as_json: JsonOption = False) -> None:
    """Try a log-in."""
    with open_house(ctx) as house:
        trial = asyncio.run(house.relay_tests.log_in(relay, acting_name(house, name)))
        zone = house.config.zone
    if as_json:
        say_json(describe(trial, relay))
    else:
        for step in trial.steps:
            mark = "✓" if step.good else "✗"
            line = _("{what}: {text}").format(what=_(STEP_WORDS[step.kind]), text=step.said or "–")
            say(f"{mark} {line}", "" if step.good else "red")
        if trial.certificate_until is not None:
            say(_("its certificate is good until {when}").format(when=show_clock(trial.certificate_until, zone)))
        if trial.offers:
            offered = _(", ").join(f"{keyword} {parameters}".strip() for keyword, parameters in trial.offers)
            say(_("it offers: {what}").format(what=offered))
        if trial.good:
            word = _("The log-in works.") if trial.logged_in else _("It answers; no log-in is set.")
            say(word, "green")
        else:
            for words in (_(trial.summary) if trial.summary else "", say_trial_cure(trial, relay)):
                if words:
                    say("  → " + words, "yellow")
    if not trial.good:
        raise typer.Exit(1)


def describe(trial: LogInTrial, relay: str) -> dict[str, object]:
    """Return a trial for --json."""
    return {
        "relay": relay,
        "good": trial.good,
        "logged_in": trial.logged_in,
        "steps": [{"step": one.kind.value, "good": one.good, "said": one.said} for one in trial.steps],
        "offers": dict(trial.offers),
        "tls": trial.tls_version,
        "certificate_until": trial.certificate_until,
        "class": trial.reply_class.value if trial.reply_class is not None else "",
        "meaning": _(trial.summary) if trial.summary else "",
        "cure": say_trial_cure(trial, relay),
    }


def mail(
    ctx: typer.Context,
    relay: RelayArgument,
    to: Annotated[str, typer.Option("--to", metavar="ADDR", help=_("who gets it; else who does it"))] = "",
    name: AsOption = "",
    as_json: JsonOption = False,
) -> None:
    """Mail a test."""
    with open_house(ctx) as house:
        copy = asyncio.run(house.relay_tests.mail(relay, to, acting_name(house, name)))
        zone, now = house.config.zone, house.now()
    good = copy.outcome is ProofOutcome.ACCEPTED
    if as_json:
        say_json(describe_copy(copy))
    else:
        word = _("{what}: {text}").format(what=_(PROOF_WORDS[copy.outcome]), text=copy.reply or "–")
        say(f"{copy.address}  {word}", "green" if good else "red")
        if words := explain_copy(copy, now, zone):
            say("  → " + words, "yellow")
    if not good:
        raise typer.Exit(1)
