"""What is done to a draft when it is written: a proof, the submission, the steps of approval; or it is laid aside."""

import asyncio

from fastapi import Response

from mailer.errors import UsageError
from mailer.i18n import _, ngettext
from mailer.model.people import Right
from mailer.model.proof import ProofOutcome
from mailer.web.console.desk import Desk, Visit


def add_sign_off(desk: Desk) -> None:
    """Add the acts."""
    desk.act("/issues/{slug}/proof", Right.PROOF)(mail_proof)
    desk.act("/issues/{slug}/submit", Right.SUBMIT)(submit)
    desk.act("/issues/{slug}/discard", Right.WRITE)(discard)
    desk.act("/issues/{slug}/withdraw", Right.SUBMIT)(withdraw)
    desk.act("/issues/{slug}/approve", Right.APPROVE)(approve)
    desk.act("/issues/{slug}/return", Right.RETURN)(send_back)


def mail_proof(visit: Visit, slug: str) -> Response:
    """Mail the issue to staff."""
    house = visit.house
    to = [
        one
        for one in visit.text("to").replace("，", ",").replace(";", ",").replace("；", ",").split(",")
        if one.strip()
    ]
    shown = house.proofs.prepare(slug, _ticked_lists(visit))
    copies = asyncio.run(house.proofs.mail(shown, to, visit.by))
    good = sum(one.outcome is ProofOutcome.ACCEPTED for one in copies)
    bad = next((one for one in copies if one.outcome is not ProofOutcome.ACCEPTED), None)
    if bad is not None:
        sentence = _("{good} of {all} proofs were accepted; {address}: {reply}").format(
            good=good, all=len(copies), address=bad.address, reply=bad.reply
        )
        return visit.go(f"/issues/{slug}", sentence, "warning")
    return visit.go(
        f"/issues/{slug}", ngettext("{n} proof is on its way.", "{n} proofs are on their way.", good).format(n=good)
    )


def _ticked_lists(visit: Visit) -> list[str]:
    lists = visit.texts("list")
    if not lists:
        raise UsageError(_("no list was chosen"), cure=_("tick at least one"))
    return lists


def submit(visit: Visit, slug: str) -> Response:
    """Submit the issue for approval, for the lists that were ticked: none ticked is no choice, not all of them."""
    visit.house.approvals.submit(slug, visit.by, _ticked_lists(visit), visit.text("opinion"))
    return visit.go(f"/issues/{slug}", _("Issue {slug} is submitted.").format(slug=slug))


def discard(visit: Visit, slug: str) -> Response:
    """Lay a draft aside that was begun by mistake, and say how it comes back."""
    kept = visit.house.discards.discard(slug, visit.by)
    way_back = _("Issue {slug} is discarded. It lies in {place}; moved back to issues/{slug} it is here again.")
    return visit.go("/issues", way_back.format(slug=slug, place=kept))


def withdraw(visit: Visit, slug: str) -> Response:
    """Take one's own submission back."""
    visit.house.approvals.withdraw(slug, visit.by)
    return visit.go(f"/issues/{slug}", _("Issue {slug} is withdrawn; it is a draft again.").format(slug=slug))


def approve(visit: Visit, slug: str) -> Response:
    """Give the next step of approval."""
    done = visit.house.approvals.approve(slug, visit.by, visit.text("opinion"))
    if done.approval.next_step is None:
        return visit.go(f"/issues/{slug}", _("Issue {slug} is approved; it can be sent now.").format(slug=slug))
    return visit.go(
        f"/issues/{slug}", _("Your step is given; the next is {step}.").format(step=done.approval.next_step.name)
    )


def send_back(visit: Visit, slug: str) -> Response:
    """Return the issue to its author."""
    visit.house.approvals.send_back(slug, visit.by, visit.text("opinion"))
    return visit.go(f"/issues/{slug}", _("Issue {slug} is returned to its author.").format(slug=slug))
