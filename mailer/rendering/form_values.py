"""Reads what the forms without a reader's values are filled with: the print form, the web page, the WeChat form."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from mailer.config import Config
from mailer.i18n import DEFAULT_LANGUAGE
from mailer.model.edition import Asset
from mailer.model.issue import Issue
from mailer.rendering.blocks import Values
from mailer.rendering.environment import TemplateSet, make_translator, read_templates
from mailer.rendering.pictures import ShownPicture, prepare_pictures
from mailer.rendering.qr import draw_qr
from mailer.rendering.values import issue_values, page_language, speak_in


@dataclass(frozen=True, slots=True)
class FormSource:
    """The templates, the values they are filled with, and the pictures those name."""

    templates: TemplateSet
    values: Values
    pictures: tuple[Asset, ...]


def read_form(
    issue: Issue, config: Config, templates: Path, files: Mapping[str, bytes], address: Callable[[ShownPicture], str]
) -> FormSource:
    """Return what a form is made of; `address` gives the src of a picture.

    Raises TemplateError for templates that cannot be read, IssueError for a picture or link that cannot be used.
    """
    source = read_templates(templates)
    language = config.language or DEFAULT_LANGUAGE
    translate = speak_in(language)
    pictures = prepare_pictures(issue, files, config.pictures)
    qr = draw_qr(issue.imprint.qr, issue_file=f"issues/{issue.slug}/issue.md") if issue.imprint.qr else None
    shown = issue_values(issue, translate, pictures, address=address, qr=qr)
    values: Values = {
        "issue": shown,
        "notes": {note["id"]: note["content"] for part in _parts(shown) for note in part["notes"]},
        "sender": {"name": config.sender.name, "address": config.sender.address, "answers": config.sender.answers},
        "public_url": config.public_url,
        "language": language,
        "lang": page_language(language, issue),
        "theme": source.theme,
        "_": make_translator(translate),
    }
    assets = tuple(picture.asset for picture in (*pictures.values(), *((qr,) if qr is not None else ())))
    return FormSource(source, values, assets)


def _parts(issue: Values) -> list[Values]:
    return [part for section in issue["sections"] for part in (section, *section["articles"])]
