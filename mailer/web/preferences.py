"""The preferences of a reader: which lists they are on, by the link in a copy. GET shows, POST acts."""

from collections.abc import Collection
from http import HTTPStatus

from fastapi import FastAPI, Request, Response

from mailer.config import Config
from mailer.i18n import _, ngettext
from mailer.web.actions import MAX_TOKEN, NotOfferedError, PreferencesView, PublicActions
from mailer.web.answering import Answering
from mailer.web.crowding import Crowding
from mailer.web.drawing import Answer, Choice, Form, Page, mask_address, with_address, with_link
from mailer.web.fields import read_fields

SENT = ("act", "keep")  # without it a POST changes nothing: a program that posts at random would take everything off


def add_preferences(app: FastAPI, ports: PublicActions, config: Config, answer: Answering, crowding: Crowding) -> None:
    """Add the page of a token for preferences."""

    @app.api_route("/preferences/{token}", methods=["GET", "HEAD"])
    async def show_preferences(token: str, request: Request) -> Response:
        return await answer(request, lambda: _show(ports, config, token))

    @app.post("/preferences/{token}")
    async def act_preferences(token: str, request: Request) -> Response:
        crowding(request)
        fields = await read_fields(request)
        if fields.one(SENT[0]) != SENT[1]:
            return await answer(request, lambda: _show(ports, config, token))
        wanted = fields.all("list")
        return await answer(request, lambda: _keep(ports, config, answer.site.base, token, wanted))


def _show(ports: PublicActions, config: Config, token: str, wrong: str = "") -> Answer:
    """Draw the choice. wrong: why the one that was made before was not kept."""
    view = ports.describe_preferences(token) if len(token) <= MAX_TOKEN else None
    if view is None:
        return HTTPStatus.NOT_FOUND, _unknown_link(config)
    page = Page(
        heading=_("What you receive"),
        text=(wrong, _count(view)) if wrong else (_count(view),),
        rows=((_("Address"), mask_address(view.address)),),
        forms=(
            Form(
                _("Keep this choice"),
                hidden=(SENT,),
                legend=_("Lists"),
                choices=tuple(Choice("list", one.name, one.title, one.is_on) for one in view.lists),
                several=True,
            ),
        ),
        note=(
            _("Nothing was changed.") if wrong else _("Opening this page has changed nothing."),
            _("To receive nothing more, take every mark away."),
            with_address(_("To have a name or an address corrected, write to {address}."), config.sender.answers),
        ),
    )
    return HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK, page


def _keep(ports: PublicActions, config: Config, base: str, token: str, wanted: Collection[str]) -> Answer:
    try:
        view = ports.set_preferences(token, wanted) if len(token) <= MAX_TOKEN else None
    except NotOfferedError:
        return _show(ports, config, token, _("One of the lists you chose is not offered here. Please choose again."))
    if view is None:
        return HTTPStatus.NOT_FOUND, _unknown_link(config)
    again = with_link(_("If that is not what you meant, {link}."), f"{base}/preferences/{token}", _("choose again"))
    page = Page(
        heading=_("Your choice is kept"),
        text=(_count(view),),
        rows=((_("Address"), mask_address(view.address)), *((_("List"), one.title) for one in view.lists if one.is_on)),
        note=(_("A copy already on its way may still arrive."), again),
        done=True,
    )
    return HTTPStatus.OK, page


def _count(view: PreferencesView) -> str:
    on = sum(one.is_on for one in view.lists)
    if not on:
        return _("You are on none of our lists.")
    return ngettext("You are on {n} list.", "You are on {n} lists.", on).format(n=on)


def _unknown_link(config: Config) -> Page:
    return Page(
        heading=_("This link is not valid"),
        text=(_("Part of it may be missing."), _("Please open the link from the e-mail again.")),
        note=(with_address(_("If it does not help, write to {address}."), config.sender.answers),),
    )
