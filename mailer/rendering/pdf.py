"""The one home of WeasyPrint: makes the print form of an issue a PDF, with the same bytes each time and no network."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from mailer.config import Config
from mailer.errors import StateError, TemplateError
from mailer.i18n import _
from mailer.model.edition import Asset
from mailer.model.issue import Issue
from mailer.rendering.environment import render_template
from mailer.rendering.form_values import FormSource, read_form
from mailer.rendering.pictures import ShownPicture

PRINT_TEMPLATE = "print.html.j2"
_SCHEME = "picture:"
_FOOT_END = "foot-end"  # the id at the end of the foot, by which its place is told
_GAP = 16.0  # CSS pixels between the foot and the notes below it


def render_pdf(issue: Issue, config: Config, templates: Path, files: Mapping[str, bytes]) -> bytes:
    """Return the issue as an A4 document for print.

    `files` holds its pictures by the names it uses. The same input gives the same bytes on a machine: the fonts are
    its own. Nothing is fetched. Raises TemplateError for a fault of the templates, and where they name a file from
    elsewhere; IssueError for an issue that cannot be shown; StateError where the Pango library is missing.
    """
    weasyprint = load_weasyprint()
    source = read_form(issue, config, templates, files, _address)
    fetcher = _make_fetcher(source.pictures)

    def lay_out(sink: float) -> tuple[str, Any]:
        html = render_template(source.templates, PRINT_TEMPLATE, {**source.values, "sink": round(sink, 1)})
        return html, weasyprint.HTML(string=html, url_fetcher=fetcher).render(pdf_tags=True)

    html, document = lay_out(0)
    # the foot ends where the text of a page ends; where notes stand there, it moves up by as much as they take
    if sink := _room_of_notes(document, source):
        html, document = lay_out(sink)
    if fetcher.refused:
        raise TemplateError(
            _("the print form names a file from elsewhere: {address}").format(address=fetcher.refused[0][:80]),
            file=templates / PRINT_TEMPLATE,
            cure=_("leave it out: a PDF holds the pictures of its issue and nothing else"),
        )
    marks = (html, *(picture.sha256 for picture in source.pictures))
    identifier = hashlib.sha256("\n".join(marks).encode()).hexdigest()[:32].encode()
    made: bytes = document.write_pdf(pdf_identifier=identifier, pdf_tags=True)
    return made


def print_page(html: str) -> bytes:
    """Return a whole page as PDF, as its own print styles lay it out; nothing is fetched.

    Raises StateError where the Pango library is missing.
    """
    weasyprint = load_weasyprint()
    identifier = hashlib.sha256(html.encode()).hexdigest()[:32].encode()
    page = weasyprint.HTML(string=html, url_fetcher=_make_fetcher(()))
    made: bytes = page.write_pdf(pdf_identifier=identifier, pdf_tags=True)
    return made


def load_weasyprint() -> ModuleType:
    """Return WeasyPrint. Raises StateError where the Pango library is missing."""
    try:
        import weasyprint
    except OSError as error:
        raise StateError(
            _("a PDF needs the Pango library, which cannot be loaded: {why}").format(why=str(error).splitlines()[0]),
            cure=_(
                "install it (Debian: apt-get install libpango-1.0-0 libpangoft2-1.0-0; macOS: brew install pango), "
                "or take “pdf” out of the attachments of every list"
            ),
        ) from None
    module: ModuleType = weasyprint
    return module


def _address(picture: ShownPicture) -> str:
    return f"{_SCHEME}{picture.asset.sha256}"


def _room_of_notes(document: Any, source: FormSource) -> float:
    """Return the CSS pixels that notes take at the foot of the last page, 0 where there are none."""
    tops = {name: float(place[1]) for name, place in document.pages[-1].anchors.items()}
    notes = [top for name, top in tops.items() if name in source.values["notes"]]
    return tops[_FOOT_END] - min(notes) + _GAP if notes and _FOOT_END in tops else 0


def _make_fetcher(pictures: tuple[Asset, ...]) -> Any:
    """Return WeasyPrint's way to files: it knows these pictures, and keeps the addresses of what it refused."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    known = {_SCHEME + picture.sha256: picture for picture in pictures}

    class Fetcher(URLFetcher):  # type: ignore[misc]
        refused: list[str] = []  # noqa: RUF012 - one class a call

        def fetch(self, url: str, headers: object = None) -> Any:
            if url not in known:
                self.refused.append(url)
                raise ValueError(url)
            picture = known[url]
            return URLFetcherResponse(url, picture.content, {"Content-Type": picture.media_type})

    return Fetcher()
