"""The YAML front matter of issue.md: masthead, circulation, imprint, and what becomes of the issue."""

import json
import re
import unicodedata
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.issue import Archive, CirculationLine, Imprint, Issue, Masthead, Role
from mailer.sources.grammar import parse_circulation_label
from mailer.sources.issue_files import CheckFile, UnfitFileError
from mailer.sources.links import parse_target
from mailer.sources.slug import parse_slug
from mailer.sources.text_file import read_text_file
from mailer.sources.yaml_mapping import YamlMapping, read_mapping

FENCE = "---"
KEYS = (
    "organisation", "title", "publisher", "year", "number", "total", "date", "supplement", "secrecy", "subject",
    "preheader", "archive", "attachments", "shorten", "advertisement", "corrects", "correction", "circulation",
    "imprint",
)  # fmt: skip
MAX_SHORTEN = 100_000
MAX_ATTACHMENTS = 10
_MAX_COPIES = 9_999_999
_IMPRINT_KEYS = tuple(part.name for part in fields(Imprint))
_PLAIN = re.compile(r"[0-9A-Za-z\u4e00-\u9fff][0-9A-Za-z\u4e00-\u9fff._@（）《》“”·-]*")


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """What stands before an issue's text; the fields of Issue by the same names."""

    masthead: Masthead
    circulation: tuple[CirculationLine, ...]
    imprint: Imprint
    subject: str
    preheader: str
    archive: Archive
    attachments: tuple[str, ...]
    shorten: int
    advertisement: bool
    corrects: str
    correction: str


def split_front_matter(text: str, file: Path) -> tuple[str, str, int]:
    """Return the front matter, the body, and how many lines of the file stand before the body."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[0].rstrip() != FENCE:
        raise IssueError(
            _("does not begin with front matter"),
            file=file,
            line=1,
            cure=_("begin with a line ---, then title, date and the rest, then a line --- again"),
        )
    for number, line in enumerate(lines[1:], 1):
        if line.rstrip() == FENCE:
            return "\n".join(lines[1:number]) + "\n", "\n".join(lines[number + 1 :]), number + 1
    raise IssueError(
        _("the front matter does not end"), file=file, line=1, cure=_("close it with a line --- before the text")
    )


def read_front_matter(source: str, file: Path, check_attachment: CheckFile) -> FrontMatter:
    """Return what the front matter says; title and date must be there. IssueError names file, line, field, cure."""
    root = read_mapping(source, file, KEYS)
    day = root.day("date")
    if day is None:
        raise root.error("date", _("the issue has no date"), _("add a line such as `date: 2020-07-31`"))
    title = root.text("title")
    if not title.strip():
        raise root.error("title", _("the issue has no title"), _("add a line such as `title: 简报`"))
    masthead = Masthead(
        organisation=root.text("organisation"),
        title=title,
        publisher=root.text("publisher"),
        year=root.number("year", 1900, 2999) or day.year,
        number=root.number("number", 1, 9999),
        total=root.number("total", 1, 999_999),
        date=day,
        supplement=root.text("supplement"),
        secrecy=root.text("secrecy"),
    )
    return FrontMatter(
        masthead=masthead,
        circulation=_read_circulation(root),
        imprint=_read_imprint(root),
        subject=root.text("subject"),
        preheader=root.text("preheader"),
        archive=Archive(root.choice("archive", tuple(Archive))),
        attachments=_read_attachments(root, check_attachment),
        shorten=root.number("shorten", 0, MAX_SHORTEN) or 0,
        advertisement=root.truth("advertisement"),
        corrects=_read_corrects(root),
        correction=root.text("correction").strip(),
    )


def _read_corrects(root: YamlMapping) -> str:
    slug = root.text("corrects").strip()
    if not slug:
        if root.text("correction").strip():
            message = _("it says what was corrected, but not of which issue")
            raise root.error("correction", message, _("add a line such as `corrects: 2020-07`"))
        return ""
    try:
        return parse_slug(slug)
    except IssueError as error:
        raise root.error("corrects", error.message, error.cure) from None


def read_masthead(file: Path) -> Masthead:
    """Return the masthead of an issue.md, whatever its text and its other files are like. Raises IssueError."""
    source, _body, _offset = split_front_matter(read_text_file(file), file)
    return read_front_matter(source, file, lambda _name: None).masthead


def _read_attachments(root: YamlMapping, check: CheckFile) -> tuple[str, ...]:
    names: list[str] = []
    for name, line in root.listing("attachments"):
        try:
            if name in names:
                raise UnfitFileError(_("“{name}” is there twice").format(name=name[:80]), _("keep one of the two"))
            if len(names) == MAX_ATTACHMENTS:
                message = _("there are more than {n} attachments").format(n=MAX_ATTACHMENTS)
                raise UnfitFileError(message, _("put them together into one PDF"))
            check(name)
        except UnfitFileError as error:
            raise IssueError(str(error), file=root.file, line=line, field="attachments", cure=error.cure) from None
        names.append(name)
    return tuple(names)


def _read_circulation(root: YamlMapping) -> tuple[CirculationLine, ...]:
    part = root.mapping("circulation", ("报", "送", "发", "抄报", "抄送"))
    bodies: dict[Role, tuple[str, ...]] = {}
    for label in part.values:
        found = parse_circulation_label(f"{label}:")
        role = found[0] if found else Role.SIDEWAYS
        bodies[role] = bodies.get(role, ()) + part.bodies(label)
    return tuple(CirculationLine(role, names) for role, names in bodies.items() if names)


def _read_imprint(root: YamlMapping) -> Imprint:
    part = root.mapping("imprint", _IMPRINT_KEYS)
    qr = part.text("qr").strip()
    if qr:
        try:
            qr = parse_target(qr)
        except ValueError as error:
            raise part.error("qr", str(error), _("write a whole address such as https://…")) from None
        if not qr.lower().startswith(("http://", "https://")):
            message = _("“{value}” is not a web address").format(value=qr[:40])
            raise part.error("qr", message, _("write a whole address such as https://…"))
    return Imprint(
        address=part.text("address"),
        postcode=part.text("postcode"),
        phone=part.text("phone"),
        email=part.text("email"),
        contact=part.text("contact"),
        printed_by=part.text("printed_by"),
        printed_on=part.day("printed_on"),
        copies=part.number("copies", 1, _MAX_COPIES),
        note=part.text("note"),
        qr=qr,
    )


def format_front_matter(issue: Issue) -> str:
    """Return the front matter of an issue with its two fences; what is empty is left out."""
    head = issue.masthead
    lines = [
        FENCE,
        *_pairs(
            organisation=head.organisation, title=head.title, publisher=head.publisher, year=head.year,
            number=head.number, total=head.total, date=head.date, supplement=head.supplement, secrecy=head.secrecy,
            subject=issue.subject, preheader=issue.preheader,
            archive="" if issue.archive is Archive.OFF else issue.archive.value, shorten=issue.shorten or None,
            advertisement="true" if issue.advertisement else "", corrects=issue.corrects, correction=issue.correction,
        ),
    ]  # fmt: skip
    if issue.attachments:
        lines += ["attachments:", *(f"  - {quote_value(name)}" for name in issue.attachments)]
    if any(line.bodies for line in issue.circulation):
        lines.append("circulation:")
        for line in issue.circulation:
            lines += [f"  {line.role}:", *(f"    - {quote_value(body)}" for body in line.bodies)]
    imprint = _pairs(**{name: getattr(issue.imprint, name) for name in _IMPRINT_KEYS})
    if imprint:
        lines += ["imprint:", *(f"  {line}" for line in imprint)]
    return "\n".join([*lines, FENCE, ""])


def _pairs(**values: str | int | date | None) -> list[str]:
    written = {key: "" if value is None else str(value) for key, value in values.items()}
    return [f"{key}: {quote_value(value)}" for key, value in written.items() if value]


def quote_value(value: str) -> str:
    """Return a value as it may stand in front matter."""
    if _PLAIN.fullmatch(value):
        return value
    return "".join(_quote_char(char) for char in json.dumps(value, ensure_ascii=False))


def _quote_char(char: str) -> str:
    if char == " " or (unicodedata.category(char)[0] in "LNPSM" and ord(char) <= 0xFFFF):
        return char
    return f"\\U{ord(char):08X}"
