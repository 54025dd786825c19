"""The page on which a reader confirms to have asked for lists: GET shows, POST acts, so that no program that looks
at links in a mail subscribes anybody."""

from http import HTTPStatus

from mailer.config import Config
from mailer.i18n import _
from mailer.web.actions import MAX_TOKEN, JoinView, PublicActions
from mailer.web.drawing import Page, mask_address, with_address

Answer = tuple[HTTPStatus, Page]


def ask_to_confirm(ports: PublicActions, config: Config, token: str) -> Answer:
    """Return the page of a link to confirm; it changes nothing."""
    view = ports.describe_join(token) if len(token) <= MAX_TOKEN else None
    if view is None:
        return HTTPStatus.NOT_FOUND, _no_longer_good(config)
    page = Page(
        heading=_("Receive this bulletin"),
        text=(_("Once you press the button, it is sent to the address below."),),
        rows=_rows(view),
        button=_("Confirm"),
        note=(_("Opening this page has changed nothing."), _("If you did not ask for it, just close the page.")),
    )
    return HTTPStatus.OK, page


def confirm(ports: PublicActions, config: Config, token: str) -> Answer:
    """Subscribe whoever pressed the button, and return the page that says so."""
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
