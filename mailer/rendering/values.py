"""Turns an issue into the plain values templates see: dicts, lists, text and numbers, never an object of ours."""

import contextvars
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

from mailer.i18n import N_, _, use_language
from mailer.model.issue import Article, Imprint, Issue, Masthead, Section
from mailer.rendering.blocks import Reading, Translate, Values, clean, part_values
from mailer.rendering.pictures import ShownPicture

PREHEADER_COLUMNS = 120  # about what an inbox shows beside the subject
_DATE = N_("{year}-{month:02}-{day:02}")
# by what the masthead knows: number, total, supplement
_LINES = {
    (True, True, False): N_("{year}, No. {number} (issue {total})"),
    (True, False, False): N_("{year}, No. {number}"),
    (False, True, False): N_("{year} (issue {total})"),
    (False, False, False): N_("{year}"),
    (True, True, True): N_("{year}, No. {number}, {supplement} (issue {total})"),
    (True, False, True): N_("{year}, No. {number}, {supplement}"),
    (False, True, True): N_("{year}, {supplement} (issue {total})"),
    (False, False, True): N_("{year}, {supplement}"),
}


def width(text: str) -> int:
    """Return the columns a terminal needs: two for a wide East Asian character, none for a combining mark (UAX #11)."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def speak_in(language: str) -> Translate:
    """Return gettext for an edition's language, while errors keep speaking the user's."""

    def translate(message: str) -> str:
        def speak() -> str:
            use_language(language)
            return _(message)

        return contextvars.copy_context().run(speak)

    return translate


def page_language(language: str, issue: Issue) -> str:
    """Return the BCP 47 tag of the page: its text is the issue's, and decides which glyphs a client picks."""
    masthead = issue.masthead
    chinese = any("\u4e00" <= char <= "\u9fff" for char in masthead.organisation + masthead.title)
    return "zh-CN" if chinese or language == "zh_CN" else "en"


def cid_address(picture: ShownPicture) -> str:
    """Return the address of a picture that travels within the mail (RFC 2392)."""
    return f"cid:{picture.asset.cid}"


def issue_values(
    issue: Issue,
    translate: Translate,
    pictures: Mapping[str, ShownPicture] | None = None,
    *,
    address: Callable[[ShownPicture], str] = cid_address,
    qr: ShownPicture | None = None,
    shortened: frozenset[int] = frozenset(),
) -> Values:
    """Return the issue as templates see it (templates/README.md lists the names).

    `pictures` holds every picture of the issue (pictures.prepare_pictures), `qr` its QR code (qr.draw_qr), and
    `address` gives the src of one. Articles get ASCII anchors in order (a1, a2, …), links and notes their number;
    `shortened` are the numbers, from 1, of those that go on elsewhere. Raises IssueError for a link that is not http,
    https, mailto or tel.
    """
    reading = Reading(f"issues/{issue.slug}/issue.md", translate, pictures or {}, address)
    return {
        "slug": issue.slug,
        **_masthead_values(issue.masthead, translate),
        "subject": clean(issue.subject).strip(),
        "preheader": clean(issue.preheader).strip() or _preheader(issue),
        "archive": issue.archive.value,
        "corrects": issue.corrects,
        "correction": clean(issue.correction).strip(),
        "sections": [
            _section_values(section, number, reading, shortened) for number, section in enumerate(issue.sections, 1)
        ],
        "has_contents": any(
            title.strip() for part in issue.sections for title in (part.title, *(one.title for one in part.articles))
        ),
        "circulation": [
            {"role": line.role.value, "bodies": [clean(body) for body in line.bodies]} for line in issue.circulation
        ],
        "imprint": _imprint_values(issue.imprint, reading, qr),
    }


def _masthead_values(masthead: Masthead, translate: Translate) -> Values:
    return {
        "organisation": clean(masthead.organisation),
        "title": clean(masthead.title),
        "name": full_name(masthead),
        "publisher": clean(masthead.publisher),
        "year": masthead.year,
        "number": "" if masthead.number is None else masthead.number,
        "total": "" if masthead.total is None else masthead.total,
        "supplement": clean(masthead.supplement).strip(),
        "secrecy": clean(masthead.secrecy).strip(),
        "line": issue_line(masthead, translate),
        "date": day_text(masthead.date, translate),
        "date_iso": masthead.date.isoformat(),
    }


def full_name(masthead: Masthead) -> str:
    """Return whose bulletin it is and its name: one word in Chinese, with a blank between in other languages."""
    organisation, title = clean(masthead.organisation).strip(), clean(masthead.title).strip()
    apart = organisation and organisation[-1].isascii() and title[:1].isascii()
    return f"{organisation}{' ' if apart else ''}{title}"


def day_text(day: date, translate: Translate) -> str:
    """Return a date as the edition's language writes it."""
    return translate(_DATE).format(year=day.year, month=day.month, day=day.day)


def issue_line(masthead: Masthead, translate: Translate) -> str:
    """Return the line that says which issue this is, as far as the masthead knows."""
    supplement = clean(masthead.supplement).strip()
    pattern = translate(_LINES[masthead.number is not None, masthead.total is not None, bool(supplement)])
    return pattern.format(year=masthead.year, number=masthead.number, total=masthead.total, supplement=supplement)


def _preheader(issue: Issue) -> str:
    text = ""
    for article in issue.articles:
        title = clean(article.title).strip()
        if not title:
            continue
        longer = f"{text}{'；' if width(title) > len(title) else '; '}{title}" if text else title
        if width(longer) > PREHEADER_COLUMNS and text:
            break
        text = longer
    return text


def _section_values(section: Section, number: int, reading: Reading, shortened: frozenset[int]) -> Values:
    reading.line = section.line
    return {
        "id": f"s{number}",
        "title": clean(section.title).strip(),
        **part_values(section.blocks, reading),
        "articles": [_article_values(article, reading, shortened) for article in section.articles],
    }


def _article_values(article: Article, reading: Reading, shortened: frozenset[int]) -> Values:
    reading.articles += 1
    reading.line = article.line
    number = reading.articles
    return {
        "id": f"a{number}",
        "title": clean(article.title).strip(),
        **part_values(article.blocks, reading),
        "goes_on": number in shortened,
    }


def _imprint_values(imprint: Imprint, reading: Reading, qr: ShownPicture | None) -> Values:
    reading.line = 0
    printed_on = "" if imprint.printed_on is None else day_text(imprint.printed_on, reading.translate)
    return {
        "address": clean(imprint.address),
        "postcode": clean(imprint.postcode),
        "phone": clean(imprint.phone),
        "email": clean(imprint.email),
        "contact": clean(imprint.contact),
        "printed_by": clean(imprint.printed_by),
        "printed_on": printed_on,
        "copies": "" if imprint.copies is None else imprint.copies,
        "note": clean(imprint.note),
        "qr": {
            "target": reading.check_target(imprint.qr, "imprint.qr"),
            "src": reading.address(qr) if qr is not None else "",
            "width": qr.width if qr is not None else 0,
            "height": qr.height if qr is not None else 0,
        }
        if imprint.qr.strip()
        else "",
    }
