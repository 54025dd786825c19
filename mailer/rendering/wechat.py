"""Makes an issue a page to copy from into the article editor of a WeChat official account.

The editor keeps styles that stand in the elements, and drops style sheets, classes, ids, scripts and links to other
sites (which only verified accounts may set, by hand). Pictures travel in the clipboard as data: addresses; whether the
editor takes them differs by browser and version, so the page names the files to put in where one is missing.
"""

from collections.abc import Mapping
from pathlib import Path

from markupsafe import Markup

from mailer.config import Config
from mailer.i18n import _
from mailer.model.issue import Issue, issue_pictures
from mailer.rendering.environment import render_template
from mailer.rendering.form_values import read_form
from mailer.rendering.frames import draw_frame
from mailer.rendering.page import data_address

WECHAT_TEMPLATE = "wechat.html.j2"


def render_article(issue: Issue, config: Config, templates: Path, files: Mapping[str, bytes]) -> str:
    """Return the article as it is pasted: HTML with inline styles only, its pictures within it.

    Raises TemplateError for a fault of the templates, IssueError for an issue that cannot be shown.
    """
    source = read_form(issue, config, templates, files, data_address)
    html = render_template(source.templates, WECHAT_TEMPLATE, source.values)
    return "".join(line.strip() for line in html.splitlines())  # a newline between two blocks may show as an empty line


def render_wechat(issue: Issue, config: Config, templates: Path, files: Mapping[str, bytes]) -> str:
    """Return the page with the article and a button that copies it; its script is ours alone. Raises as the article."""
    masthead = issue.masthead
    values = {
        "title": _("{bulletin}, to paste into WeChat").format(bulletin=masthead.organisation + masthead.title),
        "copy": _("Copy the article"),
        "how": _("Press the button, then paste into the article editor of the official account."),
        "done": _("Copied. Now paste it into the article editor of the official account."),
        "failed": _("The browser did not copy it. Select everything below and press Ctrl-C or ⌘C."),
        "pictures": issue_pictures(issue),
        "about_pictures": _(
            "The editor does not take pasted pictures in every browser. Where one is missing after pasting, put it in "
            "from the folder of the issue:"
        ),
        "article": Markup(render_article(issue, config, templates, files)),  # noqa: S704 - its template escapes
    }
    return draw_frame("copy", values)
