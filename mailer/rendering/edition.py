"""Issue in, edition out: renders the HTML, the text and the subject once, with slots where each reader differs."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mailer.config import FILE_NAME, Config, ListConfig
from mailer.errors import ConfigError
from mailer.i18n import DEFAULT_LANGUAGE, N_, _
from mailer.model.edition import RECIPIENT_FIELDS, Edition, Segment, SlotContext, freeze_edition
from mailer.model.issue import Issue
from mailer.rendering.blocks import Values
from mailer.rendering.environment import (
    TemplateSet,
    join_slots,
    make_translator,
    read_templates,
    render_template,
)
from mailer.rendering.inlining import inline_styles
from mailer.rendering.mjml import convert_mjml
from mailer.rendering.sentinels import (
    Manifest,
    SentinelMisuse,
    SlotGroup,
    make_nonce,
    misplaced,
    split_html,
    split_plain,
)
from mailer.rendering.values import issue_values, page_language, speak_in

HTML_TEMPLATE = "bulletin.mjml.j2"
TEXT_TEMPLATE = "bulletin.txt.j2"
SUBJECT_TEMPLATE = "subject.txt.j2"


def render_edition(issue: Issue, list_name: str, settings: ListConfig, config: Config, templates: Path) -> Edition:
    """Return the frozen edition of an issue for one list.

    A pure function of its arguments and the files in `templates`: the same input gives the same bytes and sha256. It
    opens no connection. Raises TemplateError for a fault of the templates, IssueError for an issue that cannot be
    shown, ConfigError for a salutation that names an unknown field.
    """
    source = read_templates(templates)
    language = config.language or DEFAULT_LANGUAGE
    translate = speak_in(language)
    values: Values = {
        "issue": issue_values(issue, translate),
        "list": {"name": list_name, "title": settings.title, "role": settings.role.value},
        "sender": {"name": config.sender.name, "address": config.sender.address, "answers": config.sender.answers},
        "public_url": config.public_url,
        "language": language,
        "lang": page_language(language, issue),
        "theme": source.theme,
        "has_salutation": bool(settings.salutation),
        "_": make_translator(translate),
    }
    nonce = make_nonce(
        source.digest, repr(issue), list_name, repr(settings), repr(config.sender), config.public_url, language
    )
    parts = _Parts(source, values, settings.salutation, list_name, nonce, translate)
    return freeze_edition(
        Edition(
            issue.slug,
            list_name,
            language,
            parts.subject(),
            parts.html(),
            parts.text(),
            archive=issue.archive,
            tracking=settings.tracks,
        )
    )


class _Parts:
    """Renders the three parts of one edition; each has a manifest of its own."""

    def __init__(
        self,
        source: TemplateSet,
        values: Values,
        salutation: str,
        list_name: str,
        nonce: str,
        translate: Callable[[str], str],
    ) -> None:
        self._source = source
        self._values = values
        self._salutation = salutation
        self._field = f"lists.{list_name}.salutation"
        self._nonce = nonce
        self._translate = translate

    def subject(self) -> tuple[Segment, ...]:
        manifest = Manifest(self._nonce)
        return split_plain(self._subject(manifest), manifest, SlotContext.SUBJECT)

    def text(self) -> tuple[Segment, ...]:
        manifest = Manifest(self._nonce)
        text = render_template(self._source, TEXT_TEMPLATE, self._values_with(manifest, escaped=False))
        return split_plain(text.strip("\n") + "\n", manifest, SlotContext.PLAIN)

    def html(self) -> tuple[Segment, ...]:
        manifest = Manifest(self._nonce)
        file = self._source.folder / HTML_TEMPLATE
        mjml = render_template(self._source, HTML_TEMPLATE, self._values_with(manifest, escaped=True))
        html = convert_mjml(mjml, file)
        before = manifest.count(html)
        inlined = inline_styles(html)
        after = manifest.count(inlined)
        for token, mark in manifest.marks.items():
            if before[token] != after[token]:
                raise misplaced(mark, _("{name} was lost or doubled while styles were inlined").format(name=mark.name))
        return split_html(inlined, manifest)

    def _subject(self, manifest: Manifest) -> str:
        rendered = render_template(self._source, SUBJECT_TEMPLATE, {**self._values, **_slot_groups(manifest)})
        return re.sub(r"[ \t\r\n]+", " ", rendered).strip()  # a full-width blank stays

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
