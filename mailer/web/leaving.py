"""Leaving a list by the link in a copy (RFC 8058: GET shows, POST acts), a second thought, and why."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response

from mailer.config import Config
from mailer.i18n import _
from mailer.model.consent import LeaveReason
from mailer.web.actions import MAX_TOKEN, PublicActions, UnsubscribeView
from mailer.web.answering import Answering
from mailer.web.body import drain_body
from mailer.web.drawing import Answer, Choice, Form, Page, mask_address, with_address, with_link
from mailer.web.fields import read_fields


def add_leaving(app: FastAPI, ports: PublicActions, config: Config, answer: Answering) -> None:
    """Add the pages of an unsubscribe token."""

    @app.api_route("/u/{token}", methods=["GET", "HEAD"])
    async def show_unsubscribe(token: str, request: Request) -> Response:
        return await answer(request, lambda: _ask_to_leave(ports, config, answer.site.base, token))

    @app.post("/u/{token}")
    async def act_unsubscribe(token: str, request: Request) -> Response:
        # Any body will do, as this URL has no other use: a browser's form and a provider's one-click are the same.
        await drain_body(request)
        return await answer(request, lambda: _leave(ports, config, token))

    @app.post("/u/{token}/back")
    async def act_back(token: str, request: Request) -> Response:
        await drain_body(request)
        return await answer(request, lambda: _come_back(ports, config, token))

    @app.post("/u/{token}/why")
    async def act_why(token: str, request: Request) -> Response:
        reason = (await read_fields(request)).one("reason")
        return await answer(request, lambda: _say_why(ports, config, token, reason))


def _ask_to_leave(ports: PublicActions, config: Config, base: str, token: str) -> Answer:
    view = ports.describe_unsubscribe(token) if len(token) <= MAX_TOKEN else None
    if view is None:
        return HTTPStatus.NOT_FOUND, _unknown_link(config)
    note: tuple[str, ...] = (
        _("Opening this page has changed nothing."),
        _("To go on receiving the bulletin, just close it."),
    )
    if view.preferences:
        link = with_link(
            _("You can also {link}."), f"{base}/preferences/{view.preferences}", _("choose which lists you are on")
        )
        note += (link,)
    page = Page(
        heading=_("Stop receiving this bulletin"),
        text=(_("Once you press the button, no further issue is sent to the address below."),),
        rows=_rows(view),
        forms=(Form(_("Unsubscribe"), hidden=(("List-Unsubscribe", "One-Click"),)),),
        note=note,
    )
    return HTTPStatus.OK, page


def _leave(ports: PublicActions, config: Config, token: str) -> Answer:
    if len(token) > MAX_TOKEN or not ports.unsubscribe(token):
        return HTTPStatus.NOT_FOUND, _unknown_link(config)
    view = ports.describe_unsubscribe(token)
    page = Page(
        heading=_("You have been unsubscribed"),
        text=(_("No further issue is sent to the address below."), _("One already on its way may still arrive.")),
        rows=_rows(view) if view else (),
        forms=(
            Form(_("Undo: I want to stay"), f"/u/{token}/back", quiet=True),
            Form(
                _("Send the reason"),
                f"/u/{token}/why",
                legend=_("Why do you leave? You need not say."),
                choices=tuple(Choice("reason", one.name.lower(), _(one.value)) for one in LeaveReason),
                quiet=True,
            ),
        ),
        note=(with_address(_("To receive the bulletin again later, write to {address}."), config.sender.answers),),
        done=True,
    )
    return HTTPStatus.OK, page


def _come_back(ports: PublicActions, config: Config, token: str) -> Answer:
    found = ports.come_back(token) if len(token) <= MAX_TOKEN else None
    if found is None:
        return HTTPStatus.NOT_FOUND, _unknown_link(config)
    view, is_on = found
    if not is_on:
        page = Page(
            heading=_("This cannot be undone here any more"),
            text=(_("Leaving is undone by its link within a day only."),),
            note=(with_address(_("To receive the bulletin again, write to {address}."), config.sender.answers),),
        )
        return HTTPStatus.CONFLICT, page
    page = Page(
        heading=_("You are on the list"),
        text=(_("The next issue is sent to the address below."), _("Every copy says how to stop it.")),
        rows=_rows(view),
        done=True,
    )
    return HTTPStatus.OK, page


def _say_why(ports: PublicActions, config: Config, token: str, reason: str) -> Answer:
    if len(token) > MAX_TOKEN or ports.describe_unsubscribe(token) is None:
        return HTTPStatus.NOT_FOUND, _unknown_link(config)
    chosen = {one.name.lower(): one for one in LeaveReason}.get(reason)
    if chosen is not None:
        ports.say_why(token, chosen)
    page = Page(
        heading=_("Thank you"),
        text=(_("You have left the list. You may close this page."),),
        note=(with_address(_("To tell us something, write to {address}."), config.sender.answers),),
        done=True,
    )
    return HTTPStatus.OK, page


def _rows(view: UnsubscribeView) -> tuple[tuple[str, str], ...]:
    return ((_("Address"), mask_address(view.address)), (_("List"), view.list_title))


def _unknown_link(config: Config) -> Page:
    return Page(
        heading=_("This link is not valid"),
        text=(_("Part of it may be missing."), _("Please open the link from the e-mail again.")),
        note=(with_address(_("To unsubscribe by mail, write to {address}."), config.sender.answers),),
    )
