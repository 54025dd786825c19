"""The command retry: a person has deliveries sent again that were refused, expired or are uncertain."""

from typing import Annotated

import typer

from mailer.cli.delivering import deliver_or_follow, exit_unless_well, say_what_is_left
from mailer.cli.drawing import STATUS_WORDS, say
from mailer.cli.options import AsOption, JsonOption, MailingArgument, acting_name, open_house
from mailer.cli.summary import draw_summary
from mailer.i18n import N_, _, ngettext
from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.model.retry import LeftOutReason, SentAgain

LEFT_OUT_WORDS = {
    LeftOutReason.SUPPRESSED: N_("left out, as they get nothing (suppressed): {n}: {addresses}"),
    LeftOutReason.LEFT: N_("left out, as they have left the list: {n}: {addresses}"),
    LeftOutReason.DEAD: N_("left out, as their addresses are dead or closed (name one to try it): {n}: {addresses}"),
    LeftOutReason.NOT_ENDED: N_("left out, as they did not end so: {n}: {addresses}"),
}


def add_to(app: typer.Typer) -> None:
    """Add this command."""
    app.command(
        "retry",
        help=_("Send again what was refused, expired or is uncertain; the record says who had it done."),
        epilog=_(
            "For example: `mailer retry last --expired --wait` tries all once more that had waited too long; `mailer "
            "retry last reader@firm.example` tries one, also at an address the server called dead. An uncertain copy "
            "may have arrived: its reader may then get two, with the same Message-ID."
        ),
    )(retry)


def retry(
    ctx: typer.Context,
    mailing: MailingArgument,
    addresses: Annotated[
        list[str] | None, typer.Argument(metavar="[ADDR]…", help=_("only these recipients; none means all"))
    ] = None,
    refused: Annotated[bool, typer.Option("--refused", help=_("those that were refused"))] = False,
    expired: Annotated[bool, typer.Option("--expired", help=_("those whose time ran out"))] = False,
    uncertain: Annotated[
        bool, typer.Option("--uncertain", help=_("those of which nobody knows; a second copy may arrive"))
    ] = False,
    name: AsOption = "",
    wait: Annotated[
        bool, typer.Option("--wait", help=_("deliver now and show it; follows a `serve` that runs"))
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Send again."""
    chosen = {DeliveryStatus.REFUSED: refused, DeliveryStatus.EXPIRED: expired, DeliveryStatus.UNCERTAIN: uncertain}
    statuses = [status for status, wanted in chosen.items() if wanted]
    with open_house(ctx) as house:
        again = house.mailings.retry(mailing, addresses or [], statuses, acting_name(house, name))
        if not as_json:
            draw(again)
        wait = wait and again.count > 0
        summary = deliver_or_follow(
            house, again.mailing, wait=wait, as_json=as_json, more={"sent_again": describe(again)}
        )
        if not as_json and again.count:
            if wait:
                draw_summary(summary)
            say_what_is_left(house, summary)
    if again.count:
        exit_unless_well(summary, wait=wait)


def describe(again: SentAgain) -> dict[str, object]:
    """Return what was sent again for --json."""
    return {
        "count": again.count,
        **{status.value: count for status, count in again.counts.items()},
        "left_out": {
            reason.value: {"count": one.count, "addresses": list(one.addresses)}
            for reason, one in again.left_out.items()
        },
        "suppression_lifted": list(again.lifted),
    }


def draw(again: SentAgain) -> None:
    """Print what is sent again and what is left out."""
    if again.count:
        counts = _(", ").join(f"{_(STATUS_WORDS[status])} {count}" for status, count in again.counts.items())
        line = ngettext(
            "{n} delivery is pending again: {counts}", "{n} deliveries are pending again: {counts}", again.count
        )
        say(line.format(n=again.count, counts=counts), "green")
    else:
        say(_("nothing to send again"))
    if again.counts.get(DeliveryStatus.UNCERTAIN):
        say(_("the uncertain ones may have arrived: their readers may get a second copy"), "yellow")
    for address in again.lifted:
        say(_("{address} gets mail again, for this try; another refusal suppresses it anew").format(address=address))
    for reason, one in again.left_out.items():
        more = " …" if one.count > len(one.addresses) else ""
        say(_(LEFT_OUT_WORDS[reason]).format(n=one.count, addresses=_(", ").join(one.addresses) + more), "yellow")
    if again.count and again.mailing.status in (MailingStatus.PAUSED, MailingStatus.HELD):
        say(_("the mailing rests: `mailer resume {id}` sends them").format(id=again.mailing.id), "yellow")
