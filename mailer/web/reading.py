"""What a mail program or a reader fetches from a bulletin: links, the picture that is counted, and the receipt page.

A link leads where its number in the approved edition says, never to what stands in the address. A picture is always
one, whatever the token: it tells a stranger nothing. Only a POST confirms a receipt (facts S06, S08).
"""

import ipaddress
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from mailer.config import Config
from mailer.i18n import _
from mailer.model.reading import MAX_AGENT, Visit
from mailer.web.actions import MAX_TOKEN, PublicActions, ReceiptView
from mailer.web.body import drain_body
from mailer.web.drawing import Answer, Form, Page, mask_address, with_address

PIXEL = bytes.fromhex(  # a transparent picture of one pixel, in 43 octets (GIF89a)
    "47494638396101000100800000000000000000 21f90401000000002c00000000010001000002024401003b"
)
LINK_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
READING_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",  # the token in the URL is the reader's own
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
PIXEL_HEADERS = {**READING_HEADERS, "Cross-Origin-Resource-Policy": "cross-origin"}  # web mail shows it


def add_reading(
    app: FastAPI,
    ports: PublicActions,
    config: Config,
    answer: Callable[[Request, Callable[[], Answer]], Awaitable[HTMLResponse]],
) -> None:
    """Add the addresses that are counted, and the receipt page; `answer` draws a page in the reader's language."""
    networks = config.tracking.network == "truncated"

    @app.api_route("/c/{token}/{number}", methods=["GET", "HEAD"])
    async def follow_link(token: str, number: str, request: Request) -> Response:
        target = None
        if len(token) <= MAX_TOKEN and LINK_NUMBER.fullmatch(number):
            visit = read_visit(request, networks=networks)
            target = await run_in_threadpool(ports.follow_link, token, int(number), visit)
        if target is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return RedirectResponse(target, HTTPStatus.FOUND, headers=READING_HEADERS)

    @app.api_route("/o/{name}", methods=["GET", "HEAD"])
    async def show_pixel(name: str, request: Request) -> Response:
        if len(name) <= MAX_TOKEN:
            ports.note_open(name.removesuffix(".gif"), read_visit(request, networks=networks))
        return Response(PIXEL, media_type="image/gif", headers=PIXEL_HEADERS)

    @app.api_route("/r/{token}", methods=["GET", "HEAD"])
    async def show_receipt(token: str, request: Request) -> Response:
        return await answer(request, lambda: _ask_for_receipt(ports, config, token))

    @app.post("/r/{token}")
    async def act_receipt(token: str, request: Request) -> Response:
        await drain_body(request)
        return await answer(request, lambda: _confirm(ports, config, token))


def read_visit(request: Request, *, networks: bool) -> Visit:
    """Return what a request shows of who makes it; its network only where `networks` are kept."""
    headers = request.headers
    hints = " ".join(headers.get(name, "") for name in ("sec-purpose", "purpose", "x-purpose", "x-moz")).lower()
    agent = "".join(char if char.isprintable() else " " for char in headers.get("user-agent", "")[:MAX_AGENT])
    peer = request.client.host if request.client else ""
    return Visit(
        request.method,
        agent,
        find_network(peer, headers.get("x-forwarded-for", "")) if networks else "",
        prefetch="prefetch" in hints or "preview" in hints,
    )


def find_network(peer: str, forwarded: str) -> str:
    """Return the network a request comes from: /24 of IPv4, /48 of IPv6; empty where it cannot be told.

    What a proxy says of the client counts only where the proxy is on this machine, and only its last word: the ones
    before are the client's own.
    """
    try:
        address = ipaddress.ip_address(peer)
        if address.is_loopback and forwarded:
            address = ipaddress.ip_address(forwarded.rpartition(",")[2].strip())
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    length = 24 if address.version == 4 else 48
    return str(ipaddress.ip_network((address.packed, length), strict=False))


def network_of(request: Request) -> str:
    """Return the network a request comes from, as a proxy on this machine tells it; see `find_network`."""
    peer = request.client.host if request.client else ""
    return find_network(peer, request.headers.get("x-forwarded-for", ""))


def _ask_for_receipt(ports: PublicActions, config: Config, token: str) -> Answer:
    view = ports.describe_receipt(token) if len(token) <= MAX_TOKEN else None
    if view is None:
        return HTTPStatus.NOT_FOUND, _unknown_receipt(config)
    if view.confirmed_at is not None:
        return HTTPStatus.OK, _confirmed(view, config)
    page = Page(
        heading=_("Confirm receipt"),
        text=(_("Press the button to tell us that this issue has reached you."),),
        rows=_rows(view),
        forms=(Form(_("Confirm receipt")),),
        note=(_("Opening this page has confirmed nothing."),),
    )
    return HTTPStatus.OK, page


def _confirm(ports: PublicActions, config: Config, token: str) -> Answer:
    view = ports.confirm_receipt(token) if len(token) <= MAX_TOKEN else None
    if view is None:
        return HTTPStatus.NOT_FOUND, _unknown_receipt(config)
    return HTTPStatus.OK, _confirmed(view, config)


def _confirmed(view: ReceiptView, config: Config) -> Page:
    rows = _rows(view)
    if view.confirmed_at is not None:
        rows += ((_("Confirmed"), f"{view.confirmed_at.astimezone(config.zone):%Y-%m-%d %H:%M}"),)
    return Page(
        heading=_("Receipt is confirmed"),
        text=(_("Thank you. You may close this page."),),
        rows=rows,
        note=(with_address(_("To tell us something, write to {address}."), config.sender.answers),),
        done=True,
    )


def _rows(view: ReceiptView) -> tuple[tuple[str, str], ...]:
    return ((_("Issue"), view.subject), (_("Address"), mask_address(view.address)), (_("List"), view.list_title))


def _unknown_receipt(config: Config) -> Page:
    return Page(
        heading=_("This link is not valid"),
        text=(_("Part of it may be missing."), _("Please open the link from the e-mail again.")),
        note=(with_address(_("To confirm receipt by mail, write to {address}."), config.sender.answers),),
    )
