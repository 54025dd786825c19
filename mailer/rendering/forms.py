"""Makes every form of an issue that was asked for: an edition a list, and what all lists share only once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mailer.config import Config
from mailer.model.edition import Edition
from mailer.model.issue import Archive, Issue


@dataclass(frozen=True, slots=True)
class Forms:
    """An issue in its forms; those that were not asked for are empty. `wechat` is the page to copy the article from."""

    editions: tuple[Edition, ...]
    page: str = ""
    pdf: bytes = b""
    wechat: str = ""


def render_forms(
    issue: Issue,
    lists: Sequence[str],
    config: Config,
    templates: Path,
    files: Mapping[str, bytes],
    *,
    pdf: bool | None = None,
    others: bool = False,
) -> Forms:
    """Return an edition for each of these lists, in their order, and the forms that lists share.

    The PDF is made where one of these lists attaches it, or always or never by `pdf`: copies then go without it, as a
    preview may. `others` asks for the web page, also where the archive is off (editions hold it only where it is not),
    and for the WeChat form. Raises TemplateError, IssueError, ConfigError, and StateError where Pango is missing.
    """
    from mailer.rendering.edition import render_edition

    attached = any("pdf" in config.lists[name].attachments for name in lists)
    document = _render_pdf(issue, config, templates, files) if (attached if pdf is None else pdf) else b""
    archived = issue.archive is not Archive.OFF
    page = _render_page(issue, config, templates, files) if archived or others else ""
    editions = tuple(
        render_edition(
            issue, name, config.lists[name], config, templates, files, pdf=document, page=page if archived else ""
        )
        for name in lists
    )
    return Forms(editions, page, document, _render_wechat(issue, config, templates, files) if others else "")


def _render_pdf(issue: Issue, config: Config, templates: Path, files: Mapping[str, bytes]) -> bytes:
    from mailer.rendering.pdf import render_pdf  # slow to load, and few lists attach one

    return render_pdf(issue, config, templates, files)


def _render_page(issue: Issue, config: Config, templates: Path, files: Mapping[str, bytes]) -> str:
    from mailer.rendering.page import render_page

    return render_page(issue, config, templates, files)


def _render_wechat(issue: Issue, config: Config, templates: Path, files: Mapping[str, bytes]) -> str:
    from mailer.rendering.wechat import render_wechat

    return render_wechat(issue, config, templates, files)
