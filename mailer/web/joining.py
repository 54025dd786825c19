"""The page on which a reader confirms to have asked for lists: GET shows, POST acts, so that no program that looks
at links in a mail subscribes anybody. A link that was used says how its reader stands now."""

from http import HTTPStatus

from fastapi import FastAPI, Request, Response

from mailer.config import Config
from mailer.i18n import _
from mailer.model.consent import JoinState
from mailer.web.actions import MAX_TOKEN, JoinView, PublicActions
from mailer.web.answering import Answering
from mailer.web.body import drain_body
from mailer.web.drawing import Answer, Form, Page, mask_address, with_address, with_link


def add_joining(app: FastAPI, ports: PublicActions, config: Config, answer: Answering) -> None:
    """Add the page of a token to confirm."""

    @app.api_route("/s/{token}", methods=["GET", "HEAD"])
    async def show_join(token: str, request: Request) -> Response:
        return await answer(request, lambda: _ask_to_confirm(ports, config, answer.site.base, token))

    @app.post("/s/{token}")
    async def act_join(token: str, request: Request) -> Response:
        await drain_body(request)
        return await answer(request, lambda: _confirm(ports, config, answer.site.base, token))


def _ask_to_confirm(ports: PublicActions, config: Config, base: str, token: str) -> Answer:
    view = ports.describe_join(token) if len(token) <= MAX_TOKEN else None
    if view is None:
        return HTTPStatus.NOT_FOUND, _no_longer_good(config)
    if view.state is not JoinState.OFFERED:
        return _tell(view, config, base)
    page = Page(
        heading=_("Receive this bulletin"),
        text=(_("Once you press the button, it is sent to the address below."),),
        rows=_rows(view),
        forms=(Form(_("Confirm")),),
        note=(_("Opening this page has changed nothing."), _("If you did not ask for it, just close the page.")),
    )
    return HTTPStatus.OK, page


def _confirm(ports: PublicActions, config: Config, base: str, token: str) -> Answer:
    view = ports.confirm_join(token) if len(token) <= MAX_TOKEN else None
    return _tell(view, config, base) if view is not None else (HTTPStatus.NOT_FOUND, _no_longer_good(config))


def _tell(view: JoinView, config: Config, base: str) -> Answer:
    """Say how whoever followed a link stands now."""
    if view.state in (JoinState.JOINED, JoinState.ON):
        text: tuple[str, ...] = (
            _("The next issue is sent to the address below."),
            _("Every copy says how to stop it."),
        )
        if view.state is JoinState.ON:
            text = (_("This link was used before; nothing was changed."), *text)
        return HTTPStatus.OK, Page(_("You are subscribed"), text, rows=_rows(view), done=True)
    match view.state:
        case JoinState.CLOSED:
            why = _("This list can no longer be joined by a link.")
        case JoinState.STOPPED:
            why = _("No mail of ours goes to this address at present.")
        case JoinState.NO_MORE:
            why = _("This link was used before; since then you have asked for no more mail.")
        case _:
            why = _("This link was used before; since then you have left the list.")
    page = Page(_("You are not subscribed"), (why, _how_to_join(view, config, base)), rows=_rows(view))
    return HTTPStatus.GONE, page


def _how_to_join(view: JoinView, config: Config, base: str) -> str:
    if view.may_ask and view.state is not JoinState.STOPPED:
        return with_link(_("To receive the bulletin again, {link}."), f"{base}/subscribe", _("ask for it anew"))
    return with_address(_("To receive the bulletin, write to {address}."), config.sender.answers)


def _rows(view: JoinView) -> tuple[tuple[str, str], ...]:
    return ((_("Address"), mask_address(view.address)), *((_("List"), title) for title in view.list_titles))


def _no_longer_good(config: Config) -> Page:
    return Page(
        heading=_("This link is not valid"),
        text=(_("It is good for a short time only, and may be over."), _("Please ask for the bulletin again.")),
        note=(with_address(_("If it does not help, write to {address}."), config.sender.answers),),
    )
