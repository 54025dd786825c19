"""Issue in, edition out: renders the HTML, the text and the subject once, with slots where each reader differs."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mailer.config import FILE_NAME, Config, ListConfig
from mailer.errors import ConfigError
from mailer.i18n import DEFAULT_LANGUAGE, N_, _
from mailer.model.edition import RECIPIENT_FIELDS, Asset, Edition, Segment, SlotContext, freeze_edition
from mailer.model.issue import Archive, Issue
from mailer.model.reading import TrackedLink, Tracking
from mailer.rendering.attachments import attach_files
from mailer.rendering.blocks import Translate, Values
from mailer.rendering.correction import CORRECTION_MARK, mark_subject
from mailer.rendering.environment import (
    TemplateSet,
    join_slots,
    make_translator,
    read_templates,
    render_template,
)
from mailer.rendering.inlining import inline_styles
from mailer.rendering.mjml import convert_mjml
from mailer.rendering.pictures import ShownPicture, prepare_pictures
from mailer.rendering.qr import draw_qr
from mailer.rendering.sentinels import (
    Manifest,
    SentinelMisuse,
    SlotGroup,
    make_nonce,
    misplaced,
    split_html,
    split_plain,
)
from mailer.rendering.shortening import shorten_issue
from mailer.rendering.tracing import find_line
from mailer.rendering.tracked import TrackingPlan, plan_tracking, track_links
from mailer.rendering.values import cid_address, issue_values, page_language, speak_in

TEXT_TEMPLATE = "bulletin.txt.j2"
SUBJECT_TEMPLATE = "subject.txt.j2"


def render_edition(
    issue: Issue,
    list_name: str,
    settings: ListConfig,
    config: Config,
    templates: Path,
    files: Mapping[str, bytes] = MappingProxyType({}),
    *,
    pdf: bytes = b"",
    page: str = "",
) -> Edition:
    """Return the frozen edition of an issue for one list.

    `files` holds the issue's pictures and attachments by the names it uses; `pdf` and `page` are put in as they are,
    the PDF where the list's copies carry one. A pure function of its arguments and the files in `templates`: the same
    input gives the same bytes and sha256. It opens no connection. Raises TemplateError for a fault of the templates,
    IssueError for an issue that cannot be shown, ConfigError for a salutation that names an unknown field.
    """
    source = read_templates(templates)
    translate = speak_in(config.language or DEFAULT_LANGUAGE)
    pictures = prepare_pictures(issue, files, config.pictures)
    qr = draw_qr(issue.imprint.qr, issue_file=f"issues/{issue.slug}/issue.md") if issue.imprint.qr else None
    values = {
        **_reading_values(issue, config, pictures, qr, translate),
        "list": {"name": list_name, "title": settings.title, "role": settings.role.value},
        "received": settings.received and bool(config.public_url),
        "leave": "link" if config.public_url and settings.leave == "unsubscribe" else "reply",
        "preferences": bool(config.public_url) and not settings.follows_file,
        "has_salutation": bool(settings.salutation),
        "theme": source.theme,
        "_": make_translator(translate),
    }
    nonce = make_nonce(
        source.digest, repr(issue), list_name, repr(settings), repr(config.sender), repr(config.pictures),
        repr(config.tracking),
        config.public_url, config.language, *(picture.asset.sha256 for picture in pictures.values()),
    )  # fmt: skip
    mark = translate(CORRECTION_MARK) if issue.corrects else ""
    parts = _Parts(source, values, settings, list_name, nonce, translate, mark)
    html, links = parts.html(plan_tracking(settings, config, issue.slug, list_name))
    hosted = config.pictures.place == "hosted"
    return freeze_edition(
        Edition(
            issue.slug,
            list_name,
            values["language"],
            parts.subject(),
            html,
            parts.text(),
            inline=_named_in(html, (*(() if hosted else pictures.values()), *((qr,) if qr else ()))),
            hosted=_distinct(pictures.values()) if hosted else (),
            attachments=attach_files(issue, settings, files, pdf, translate),
            page=page,
            archive=issue.archive,
            tracking=settings.tracks if config.public_url else Tracking.OFF,
            links=links,
        )
    )


def _reading_values(
    issue: Issue,
    config: Config,
    pictures: Mapping[str, ShownPicture],
    qr: ShownPicture | None,
    translate: Translate,
) -> Values:
    """Return the values that are the same for every list."""

    def address(picture: ShownPicture) -> str:
        hosted = config.pictures.place == "hosted" and picture is not qr  # the code is small, and must always show
        return hosted_address(picture, config.public_url) if hosted else cid_address(picture)

    view = issue.archive.value if config.public_url and issue.archive is not Archive.OFF else ""
    shown, shortened = shorten_issue(issue) if view else (issue, frozenset[int]())
    language = config.language or DEFAULT_LANGUAGE
    return {
        "issue": issue_values(shown, translate, pictures, address=address, qr=qr, shortened=shortened),
        "sender": {"name": config.sender.name, "address": config.sender.address, "answers": config.sender.answers},
        "public_url": config.public_url,
        "view": view,
        "page_url": page_address(issue, config.public_url) if view == Archive.PUBLIC else "",
        "language": language,
        "lang": page_language(language, issue),
    }


def hosted_address(picture: ShownPicture, public_url: str) -> str:
    """Return where a reader's mail program fetches a hosted picture."""
    return f"{public_url}/p/{picture.asset.sha256}.{picture.suffix}"


def page_address(issue: Issue, public_url: str) -> str:
    """Return where everybody may read an issue whose archive is public."""
    return f"{public_url}/i/{issue.slug}"


def _distinct(pictures: Iterable[ShownPicture]) -> tuple[Asset, ...]:
    return tuple({picture.asset.sha256: picture.asset for picture in pictures}.values())


def _named_in(html: tuple[Segment, ...], pictures: Iterable[ShownPicture]) -> tuple[Asset, ...]:
    """Return the pictures the HTML names: those of a text that was cut off, or left out by a template, stay behind."""
    fixed = "".join(part for part in html if isinstance(part, str))
    return tuple(asset for asset in _distinct(pictures) if asset.cid in fixed)


class _Parts:
    """Renders the three parts of one edition; each has a manifest of its own."""

    def __init__(
        self,
        source: TemplateSet,
        values: Values,
        settings: ListConfig,
        list_name: str,
        nonce: str,
        translate: Translate,
        mark: str,
    ) -> None:
        self._source = source
        self._values = values
        self._template = settings.template
        self._salutation = settings.salutation
        self._field = f"lists.{list_name}.salutation"
        self._nonce = nonce
        self._translate = translate
        self._mark = mark

    def subject(self) -> tuple[Segment, ...]:
        manifest = Manifest(self._nonce)
        return split_plain(self._subject(manifest), manifest, SlotContext.SUBJECT)

    def text(self) -> tuple[Segment, ...]:
        manifest = Manifest(self._nonce)
        text = render_template(self._source, TEXT_TEMPLATE, self._values_with(manifest, escaped=False))
        return split_plain(text.strip("\n") + "\n", manifest, SlotContext.PLAIN)

    def html(self, plan: TrackingPlan) -> tuple[tuple[Segment, ...], tuple[TrackedLink, ...]]:
        manifest = Manifest(self._nonce)
        file = self._source.folder / self._template
        mjml = render_template(self._source, self._template, self._values_with(manifest, escaped=True))
        locate = find_line(self._source, self._template, lambda: self._values_with(Manifest(self._nonce), escaped=True))
        html = convert_mjml(mjml, file, locate)
        before = manifest.count(html)
        inlined = inline_styles(html)
        after = manifest.count(inlined)
        for token, mark in manifest.marks.items():
            if before[token] != after[token]:
                raise misplaced(mark, _("{name} was lost or doubled while styles were inlined").format(name=mark.name))
        tracked, links = track_links(inlined, manifest, plan, self._values["issue"]["sections"])
        return split_html(tracked, manifest), links

    def _subject(self, manifest: Manifest) -> str:
        rendered = render_template(self._source, SUBJECT_TEMPLATE, {**self._values, **_slot_groups(manifest)})
        return mark_subject(re.sub(r"[ \t\r\n]+", " ", rendered).strip(), self._mark)  # a full-width blank stays

    def _values_with(self, manifest: Manifest, *, escaped: bool) -> dict[str, Any]:
        return {
            **self._values,
            **_slot_groups(manifest),
            "subject": lambda: self._subject(manifest),
            "salutation": lambda: self._salute(manifest, escaped=escaped),
        }

    def _salute(self, manifest: Manifest, *, escaped: bool) -> str:
        group = SlotGroup("recipient", manifest)
        fallbacks = {"name": self._translate(N_("reader")), "organisation": self._translate(N_("your organisation"))}
        fields = {name: group.pick(name).with_fallback(fallbacks.get(name, "")) for name in RECIPIENT_FIELDS}
        try:
            return join_slots(self._salutation, fields, escaped)
        except (SentinelMisuse, ValueError) as error:
            raise ConfigError(
                str(error), file=FILE_NAME, field=self._field, cure=_("write a line such as “Dear {name},”")
            ) from None


def _slot_groups(manifest: Manifest) -> dict[str, SlotGroup]:
    return {"recipient": SlotGroup("recipient", manifest), "links": SlotGroup("links", manifest)}
