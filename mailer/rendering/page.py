"""Makes an issue one web page that names no other file: for “view in browser”, and for the archive."""

from collections.abc import Mapping
from pathlib import Path

from mailer.config import Config
from mailer.model.issue import Issue
from mailer.rendering.environment import render_template
from mailer.rendering.form_values import read_form
from mailer.rendering.pictures import ShownPicture

PAGE_TEMPLATE = "page.html.j2"


def render_page(issue: Issue, config: Config, templates: Path, files: Mapping[str, bytes]) -> str:
    """Return the whole issue as HTML, never shortened, its pictures within it, the same for every reader.

    `files` holds its pictures by the names it uses. The same input gives the same text. Raises TemplateError for a
    fault of the templates, IssueError for an issue that cannot be shown.
    """
    source = read_form(issue, config, templates, files, data_address)
    return render_template(source.templates, PAGE_TEMPLATE, source.values).strip() + "\n"


def data_address(picture: ShownPicture) -> str:
    """Return the address of a picture that lies within the page."""
    return picture.asset.data_address
