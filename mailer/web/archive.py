"""The archive: every issue that everybody may read, by year, to be searched; and the feed of new ones (RFC 4287)."""

import re
from http import HTTPStatus
from itertools import groupby
from urllib.parse import urlencode

from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from mailer.config import Config
from mailer.i18n import DEFAULT_LANGUAGE, _, ngettext
from mailer.model.publication import Shelf
from mailer.web.actions import PublicActions
from mailer.web.answering import Answering, answer_kept
from mailer.web.drawing import OPEN_HEADERS, Answer, Sheet, Site
from mailer.web.feed import write_feed
from mailer.web.language import show_day, speaking

LONGEST_QUERY = 100
MOST_HEADINGS = 5  # of an issue that the archive names
MOST_IN_FEED = 30
FEED_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "public, max-age=900",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def add_archive(app: FastAPI, ports: PublicActions, config: Config, answer: Answering) -> None:
    """Add the archive, at two addresses, and the feed."""

    async def show_archive(request: Request) -> Response:
        asked = request.query_params
        query = " ".join(asked.get("q", "")[:LONGEST_QUERY].split())
        year, page = _number(asked.get("year", ""), 4), _number(asked.get("page", ""), 3) or 1
        headers = OPEN_HEADERS | ({"X-Robots-Tag": "noindex"} if query else {})
        return await answer.openly(request, lambda: _show(ports, answer.site, query, year, page), headers)

    app.api_route("/", methods=["GET", "HEAD"])(show_archive)
    app.api_route("/archive", methods=["GET", "HEAD"])(show_archive)

    @app.api_route("/feed.xml", methods=["GET", "HEAD"])
    async def show_feed(request: Request) -> Response:
        def write() -> bytes:
            language = config.language or DEFAULT_LANGUAGE  # of the newsletter, as programs fetch it
            with speaking(language):
                return write_feed(ports.list_newest(MOST_IN_FEED), config, language)

        made = await run_in_threadpool(write)
        return answer_kept(request, made, "application/atom+xml; charset=utf-8", FEED_HEADERS)


def _number(text: str, digits: int) -> int | None:
    return int(text) if re.fullmatch(rf"[1-9][0-9]{{0,{digits - 1}}}", text) else None


def _show(ports: PublicActions, site: Site, query: str, year: int | None, page: int) -> Answer:
    shelf = ports.list_issues(query, year, page)
    empty = page > shelf.pages

    def address(year: int | None = year, page: int = 1) -> str:
        return f"{site.base}/archive{_parameters(query, year, page)}"

    sheet = Sheet(
        "archive.html.j2",
        _("All issues"),
        {
            "groups": [(of, list(issues)) for of, issues in groupby(shelf.publications, lambda one: one.year)],
            "shown": {one.slug for one in shelf.publications},
            "years": shelf.years,
            "year": year,
            "query": query,
            "summary": _summary(shelf, query),
            "page": page,
            "pages": shelf.pages,
            "address": address,
            "canonical": f"{site.url}/archive{_parameters('', year, page)}",
            "most_headings": MOST_HEADINGS,
            "show_day": show_day,
        },
        indexed=not query and not empty,
    )
    return HTTPStatus.NOT_FOUND if empty else HTTPStatus.OK, sheet


def _parameters(query: str, year: int | None, page: int) -> str:
    given = {"q": query, "year": year or "", "page": page if page > 1 else ""}
    text = urlencode({name: value for name, value in given.items() if value != ""})
    return f"?{text}" if text else ""


def _summary(shelf: Shelf, query: str) -> str:
    """Return what the page says of how many there are; empty where it goes without saying."""
    if query:
        if not shelf.total:
            return _("No issue holds these words: {words}").format(words=query)
        found = ngettext("{n} issue holds these words: {words}", "{n} issues hold these words: {words}", shelf.total)
        return found.format(n=shelf.total, words=query)
    return _("There are no issues on this page.") if shelf.years and not shelf.publications else ""
