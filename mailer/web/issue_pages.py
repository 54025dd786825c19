"""Issues over HTTP: the pages of readers and of everybody, the same as PDF, and pictures that mails name."""

import re
from http import HTTPStatus

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from mailer.web.actions import MAX_TOKEN, PdfBusyError, PublicActions
from mailer.web.answering import Answering, answer_kept
from mailer.web.corrected import lead_to_correction
from mailer.web.language import speaking

SLUG = re.compile(r"[A-Za-z0-9._-]{1,64}")
PICTURE_NAME = re.compile(r"([0-9a-f]{64})\.([a-z]{3,4})")
PICTURE_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg"}
# An issue's page is text people wrote: no script runs, nothing is fetched, and no form or frame is of this origin (S15)
ISSUE_HEADERS = {
    "Content-Security-Policy": "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PRIVATE_HEADERS = {**ISSUE_HEADERS, "Cache-Control": "private, no-store", "X-Robots-Tag": "noindex, nofollow"}
PUBLIC_HEADERS = {**ISSUE_HEADERS, "Cache-Control": "public, max-age=300", "Vary": "Accept-Language"}
PDF_HEADERS = {
    # no sandbox: browsers show a PDF by a program of their own, which it would stop
    "Content-Security-Policy": "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "public, max-age=300",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
PICTURE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "public, max-age=31536000, immutable",  # its name is the hash of its content
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
    "Cross-Origin-Resource-Policy": "cross-origin",  # web mail shows it
}


def add_issue_pages(app: FastAPI, ports: PublicActions, answer: Answering) -> None:
    """Add the pages of issues, their PDF, and the pictures."""

    @app.api_route("/v/{token}", methods=["GET", "HEAD"])
    async def show_page(token: str) -> Response:
        html = await run_in_threadpool(ports.view_page, token) if len(token) <= MAX_TOKEN else None
        if html is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return HTMLResponse(html, headers=PRIVATE_HEADERS)

    @app.api_route("/i/{slug}.pdf", methods=["GET", "HEAD"])
    async def show_pdf(slug: str, request: Request) -> Response:
        try:
            made = await run_in_threadpool(ports.view_pdf, slug) if SLUG.fullmatch(slug) else None
        except PdfBusyError:
            raise HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "10"}) from None
        if made is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        headers = {
            **PDF_HEADERS,
            "Content-Disposition": f'inline; filename="{slug}.pdf"',
            "Link": _link_to(answer, slug, "canonical"),
        }
        return answer_kept(request, made, "application/pdf", headers)

    @app.api_route("/i/{slug}", methods=["GET", "HEAD"])
    async def show_issue(slug: str, request: Request) -> Response:
        html = await run_in_threadpool(_read_issue, ports, answer, request, slug) if SLUG.fullmatch(slug) else None
        if html is None:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        # the page is frozen with its edition, so what it belongs to stands beside it (RFC 8288)
        headers = {**PUBLIC_HEADERS, "Link": f"{_link_to(answer, slug, 'canonical')}, {_feed_link(answer)}"}
        return answer_kept(request, html.encode(), "text/html; charset=utf-8", headers)

    @app.api_route("/p/{name}", methods=["GET", "HEAD"])
    async def show_picture(name: str) -> Response:
        named = PICTURE_NAME.fullmatch(name)
        picture = await run_in_threadpool(ports.view_picture, named[1]) if named else None
        if picture is None or not named or PICTURE_SUFFIXES.get(picture.media_type) != named[2]:
            raise HTTPException(HTTPStatus.NOT_FOUND)
        return Response(picture.content, media_type=picture.media_type, headers=PICTURE_HEADERS)


def _read_issue(ports: PublicActions, answer: Answering, request: Request, slug: str) -> str | None:
    html = ports.view_issue(slug)
    correction = ports.find_correction(slug) if html is not None else None
    if html is None or correction is None:
        return html
    with speaking(answer.language(request)):
        return lead_to_correction(html, correction, answer.site.base)


def _link_to(answer: Answering, slug: str, relation: str) -> str:
    return f'<{answer.site.url}/i/{slug}>; rel="{relation}"'


def _feed_link(answer: Answering) -> str:
    return f'<{answer.site.url}/feed.xml>; rel="alternate"; type="application/atom+xml"'
