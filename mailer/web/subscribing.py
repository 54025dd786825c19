"""The page on which a stranger asks for lists. What it answers never depends on the address (facts S24).

No cookie and no script: the form carries a token of ours that is good for a time, and a field that people leave empty.
That keeps out programs that send forms they have not fetched; floods are stopped by what `audience.joining` counts.
"""

import asyncio
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from mailer.config import Config
from mailer.i18n import _
from mailer.web.actions import Asked, OpenList, PublicActions
from mailer.web.answering import Answering
from mailer.web.crowding import Crowding
from mailer.web.drawing import Answer, Page, Sheet, with_address, with_link
from mailer.web.fields import Fields, read_fields
from mailer.web.reading import network_of

ANSWER_SECONDS = 0.3  # an answer comes after so long or a multiple of it, whatever was done
TRAP = "website"


def add_subscribing(app: FastAPI, ports: PublicActions, config: Config, answer: Answering, crowding: Crowding) -> None:
    """Add the form, and what becomes of it."""
    lists = tuple(OpenList(name, one.title) for name, one in config.lists_in_order() if one.joining == "open")

    def show(fields: Fields, form: str, wrong: str = "") -> Answer:
        if not lists:
            return HTTPStatus.NOT_FOUND, _nothing_open(config)
        sheet = _draw_form(config, answer.site.base, lists, fields, form, wrong)
        return HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK, sheet

    @app.api_route("/subscribe", methods=["GET", "HEAD"])
    async def show_form(request: Request) -> Response:
        return await answer(request, lambda: show(Fields({}), ports.show_form()))

    @app.post("/subscribe")
    async def act_form(request: Request) -> Response:
        loop = asyncio.get_running_loop()
        began = loop.time()
        crowding(request)
        fields = await read_fields(request)
        network = network_of(request) or "unknown"
        asked = await run_in_threadpool(_ask, ports, fields, network)

        def tell() -> Answer:
            match asked:
                case Asked.TAKEN:
                    return HTTPStatus.OK, _taken(config)
                case Asked.CLOSED:
                    return HTTPStatus.FORBIDDEN, _nothing_open(config)
                case Asked.NO_ADDRESS:
                    return show(fields, ports.show_form(), _("Please write an address such as name@example.org."))
                case Asked.AGAIN:
                    return show(
                        fields,
                        ports.show_form(),
                        _("This came faster than people write, or too late: please press the button again."),
                    )
            return show(fields, ports.show_form(), _("Please choose a list."))

        response = await answer(request, tell)
        await asyncio.sleep(ANSWER_SECONDS - (loop.time() - began) % ANSWER_SECONDS)
        return response


def _ask(ports: PublicActions, fields: Fields, network: str) -> Asked | None:
    """Ask for what a form wants; None where it names no list."""
    if fields.one(TRAP):
        return Asked.TAKEN  # a program that fills in every field learns nothing from the answer
    if not fields.all("list"):
        return None
    return ports.ask_to_join(fields.one("form"), fields.one("address"), fields.all("list"), network)


def _draw_form(config: Config, base: str, lists: tuple[OpenList, ...], fields: Fields, form: str, wrong: str) -> Sheet:
    chosen = fields.all("list")
    privacy = with_link(_("How we handle your data is said under {link}."), f"{base}/privacy", _("Privacy"))
    agreed = _("By sending this form you agree that {sender} mails you what you choose here.")
    return Sheet(
        "subscribe.html.j2",
        _("Receive this bulletin"),
        {
            "text": (
                _("We then send a mail with a link to this address."),
                _("Only who follows the link is on the list."),
            ),
            "lists": [OpenList(one.name, one.title, one.name in chosen) for one in lists],
            "address": fields.one("address")[:254],
            "form": form,
            "wrong": wrong,
            "note": (agreed.format(sender=config.sender.name), _("Every copy says how to stop it."), privacy),
        },
        indexed=not wrong,
    )


def _taken(config: Config) -> Page:
    return Page(
        heading=_("Please look into your mailbox"),
        text=(
            _("If the address can be written to, a mail with a link is on its way."),
            _("You are on the list once you have followed the link and pressed the button there."),
        ),
        note=(
            _("An address gets one such mail a day at most."),
            with_address(_("If none arrives, write to {address}."), config.sender.answers),
        ),
        done=True,
    )


def _nothing_open(config: Config) -> Page:
    return Page(
        heading=_("There is no such list to choose here"),
        text=(_("Readers are put on it by the office."),),
        note=(with_address(_("To receive the bulletin, write to {address}."), config.sender.answers),),
    )
