"""Answers of the public pages: drawn in the reader's language, and kept by caches as far as they may be."""

import hashlib
from collections.abc import Callable, Mapping

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from starlette.concurrency import run_in_threadpool

from mailer.config import Config
from mailer.web.drawing import PAGE_HEADERS, Answer, Site, draw_page
from mailer.web.language import language_of_request, speaking


class Answering:
    """Answers requests by pages of a site. What is asked of the house is asked in a worker thread."""

    def __init__(self, config: Config, site: Site) -> None:
        self._config = config
        self.site = site

    def language(self, request: Request) -> str:
        """Return the language that a request is answered in."""
        return language_of_request(self._config.language, request.headers.get("accept-language", ""))

    async def __call__(self, request: Request, act: Callable[[], Answer]) -> HTMLResponse:
        """Do what is asked, and return the page that tells of it: for this reader, and not to be kept."""
        answer = await self._draw(request, act)
        return HTMLResponse(answer[1], answer[0], headers={**PAGE_HEADERS, "Vary": "Accept-Language"})

    async def openly(self, request: Request, act: Callable[[], Answer], headers: Mapping[str, str]) -> Response:
        """Return a page that is the same for everybody of one language, and may be kept."""
        status, html = await self._draw(request, act)
        return answer_kept(
            request, html.encode(), "text/html; charset=utf-8", {**headers, "Vary": "Accept-Language"}, status
        )

    async def _draw(self, request: Request, act: Callable[[], Answer]) -> tuple[int, str]:
        language = self.language(request)

        def act_and_draw() -> tuple[int, str]:
            with speaking(language):
                status, page = act()
                return int(status), draw_page(page, self.site, language)

        return await run_in_threadpool(act_and_draw)


def answer_kept(
    request: Request, content: bytes, media_type: str, headers: Mapping[str, str], status: int = 200
) -> Response:
    """Return what caches may keep, with its validator; 304 to who has it already (RFC 9110 §13.1.2, §15.4.5)."""
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**headers, "ETag": tag}
    known = [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]
    if status == 200 and (tag in known or known == ["*"]):
        return Response(status_code=304, headers=headers)
    return Response(content, status, headers=headers, media_type=media_type)
