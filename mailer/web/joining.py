"""The page on which a reader confirms to have asked for lists: GET shows, POST acts, so that no program that looks
at links in a mail subscribes anybody."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response

from mailer.config import Config
from mailer.i18n import _
from mailer.web.actions import MAX_TOKEN, JoinView, PublicActions
from mailer.web.answering import Answering
from mailer.web.body import drain_body
from mailer.web.drawing import Answer, Form, Page, mask_address, with_address


def add_joining(app: FastAPI, ports: PublicActions, config: Config, answer: Answering) -> None:
    """Add the page of a token to confirm."""

    @app.api_route("/s/{token}", methods=["GET", "HEAD"])
    async def show_join(token: str, request: Request) -> Response:
        return await answer(request, lambda: _ask_to_confirm(ports, config, token))

    @app.post("/s/{token}")
    async def act_join(token: str, request: Request) -> Response:
        await drain_body(request)
        return await answer(request, lambda: _confirm(ports, config, token))


def _ask_to_confirm(ports: PublicActions, config: Config, token: str) -> Answer:
    view = ports.describe_join(token) if len(token) <= MAX_TOKEN else None
    if view is None:
        return HTTPStatus.NOT_FOUND, _no_longer_good(config)
    page = Page(
        heading=_("Receive this bulletin"),
        text=(_("Once you press the button, it is sent to the address below."),),
        rows=_rows(view),
        forms=(Form(_("Confirm")),),
        note=(_("Opening this page has changed nothing."), _("If you did not ask for it, just close the page.")),
    )
    return HTTPStatus.OK, page


def _confirm(ports: PublicActions, config: Config, token: str) -> Answer:
    view = ports.confirm_join(token) if len(token) <= MAX_TOKEN else None
    if view is None:
        return HTTPStatus.NOT_FOUND, _no_longer_good(config)
    page = Page(
        heading=_("You are subscribed"),
        text=(_("The next issue is sent to the address below."), _("Every copy says how to stop it.")),
        rows=_rows(view),
        done=True,
    )
    return HTTPStatus.OK, page


def _rows(view: JoinView) -> tuple[tuple[str, str], ...]:
    return ((_("Address"), mask_address(view.address)), *((_("List"), title) for title in view.list_titles))


def _no_longer_good(config: Config) -> Page:
    return Page(
        heading=_("This link is not valid"),
        text=(_("It is good for a short time only, and may be over."), _("Please ask for the bulletin again.")),
        note=(with_address(_("If it does not help, write to {address}."), config.sender.answers),),
    )
