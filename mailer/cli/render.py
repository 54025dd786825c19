"""The command `render`: writes every form of an issue, shows them side by side, and follows changes."""

import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mailer.cli.drawing import err, make_table, out, say, say_error, say_json
from mailer.cli.options import IssueArgument, JsonOption, ListOption, open_house
from mailer.config import FILE_NAME
from mailer.errors import MailerError, UsageError
from mailer.i18n import N_, _

if TYPE_CHECKING:
    from mailer.app import House, WrittenForms
    from mailer.web.preview import PreviewServer

KINDS = {
    "html": N_("mail as HTML"),
    "text": N_("mail as text"),
    "eml": N_("complete message"),
    "pdf": N_("PDF for print"),
    "page": N_("web page"),
    "wechat": N_("for WeChat"),
    "preview": N_("preview"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be rendered, and where it goes."""

    issue: str
    lists: Sequence[str]
    folder: Path
    pdf: bool
    preview: bool


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "render", help=_("Render an issue: for each list HTML, text and a message; PDF, web page, WeChat form.")
    )(render)


def render(
    ctx: typer.Context,
    issue: IssueArgument,
    lists: ListOption = None,
    folder: Annotated[Path | None, typer.Option("--out", help=_("where to write; else var/rendered"))] = None,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help=_("make the PDF, which takes a second or two"))] = True,
    watch: Annotated[bool, typer.Option("--watch", help=_("render again at every change, until Ctrl-C"))] = False,
    show: Annotated[bool, typer.Option("--open", help=_("open a preview: phone, desktop, dark, bare, text"))] = False,
    as_json: JsonOption = False,
) -> None:
    """Render an issue in all its forms."""
    if as_json and watch:
        raise UsageError(_("--json and --watch do not go together"), cure=_("leave one of them out"))
    with open_house(ctx) as house:
        house.child.start()  # it warms up while the issue is read
        wish = Wish(issue, lists or [], folder or house.var / "rendered", pdf, show)
        if watch:
            _watch(house, wish)
            return
        written, page = _render(house, wish)
        if as_json:
            say_json(_describe(written, page))
        else:
            _draw(written, page)
    if page is not None:
        _open(page.resolve().as_uri())


def _render(house: "House", wish: Wish) -> tuple["WrittenForms", Path | None]:
    loaded = house.issues.read(wish.issue)
    forms = house.issues.make_forms(loaded, wish.lists, pdf=wish.pdf, others=True)
    written = house.issues.write_forms(loaded.issue, forms, wish.folder)
    if not wish.preview:
        return written, None
    from mailer.app.written import explained

    page = wish.folder / f"{loaded.issue.slug}.preview.html"
    drawn = house.issues.draw_preview(loaded.issue, forms)
    with explained(wish.folder):
        page.write_text(drawn, "utf-8")
    return written, page


def _describe(written: "WrittenForms", preview: Path | None) -> dict[str, object]:
    editions: dict[str, object] = {
        one.list_name: {
            "html": str(one.html.resolve()),
            "text": str(one.text.resolve()),
            "eml": str(one.eml.resolve()),
            "sha256": one.sha256,
        }
        for one in written.editions
    }
    shared = {kind: str(path.resolve()) for kind, name, path in written.files() if not name}
    if preview is not None:
        shared["preview"] = str(preview.resolve())
    return {"editions": editions, **shared}


def _draw(written: "WrittenForms", preview: Path | None) -> None:
    files = [*written.files(), *([("preview", "", preview)] if preview is not None else [])]
    table = make_table("", (_("Form"), "whole"), (_("List"), "whole"), (_("Size"), "right"), (_("File"), "whole"))
    for kind, name, path in files:
        table.add_row(_(KINDS[kind]), name, show_size(path.stat().st_size), path.name)
    out.print(table)
    say(_("written to {folder}").format(folder=files[0][2].parent))


def show_size(octets: int) -> str:
    """Return a size in kB of 1000 octets, as mail programs count, with one decimal below 100."""
    kilo = octets / 1000
    return f"{kilo:,.1f} kB" if kilo < 100 else f"{kilo:,.0f} kB"


def _open(address: str) -> None:
    if not webbrowser.open(address):
        say(_("no browser could be started; open {address}").format(address=address), "yellow", err)


def _watch(house: "House", wish: Wish) -> None:
    """Render, and again at every change of the issue, the templates or the settings, until Ctrl-C."""
    from watchfiles import watch  # slow to load

    folder = house.issues.folder(wish.issue).resolve()  # a name that is none is an error at once
    home, made = house.home.resolve(), wish.folder.resolve()
    watched = (folder, house.templates.resolve(), home / FILE_NAME)

    def counts(_change: object, path: str) -> bool:
        changed = Path(path)
        hidden = changed.name.startswith(".") or changed.name.endswith("~")  # an editor's own
        inside = any(changed.is_relative_to(one) for one in watched)
        return inside and not hidden and (not changed.is_relative_to(made))

    # the whole folder, as editors replace a file, and a watch on the old one would see no more
    seen = watch(home, folder, watch_filter=counts, step=100, debounce=400, rust_timeout=200, yield_on_timeout=True)
    with suppress(KeyboardInterrupt), _previewing() as keeper:
        next(seen)  # it watches from here on, so that no change made meanwhile is missed
        _render_once(house, wish, keeper)
        say(_("waiting for changes in {folder}, templates and settings; stop with Ctrl-C").format(folder=folder), "dim")
        for changes in seen:
            if changes:
                house.refresh()
                _render_once(house, wish, keeper)


@dataclass(slots=True)
class _Keeper:
    server: "PreviewServer | None" = None


@contextmanager
def _previewing() -> Iterator[_Keeper]:
    keeper = _Keeper()
    try:
        yield keeper
    finally:
        if keeper.server is not None:
            keeper.server.close()


def _render_once(house: "House", wish: Wish, keeper: _Keeper) -> None:
    """Render, or show why that cannot be; the preview is opened at the first success."""
    try:
        written, page = _render(house, wish)
    except MailerError as error:
        say_error(error)
        return
    _draw(written, page)
    if page is None:
        return
    html = page.read_text("utf-8")
    if keeper.server is not None:
        keeper.server.show(html)
        return
    from mailer.web.preview import PreviewServer

    keeper.server = PreviewServer(html)
    _open(keeper.server.url)
