"""Lists and how they follow their sheets; imports of sheets into the others; addresses that get nothing."""

import re
import secrets
import time
from pathlib import Path
from typing import Any

from fastapi import Response

from mailer.app import ImportOrder
from mailer.errors import NotFoundError, UsageError
from mailer.i18n import _
from mailer.model.contact_words import (
    CHANGE_WORDS,
    FIELD_WORDS,
    field_word,
    page_of_source,
    say_consents,
    say_kept,
    say_not_kept,
    say_place,
    say_source,
)
from mailer.model.people import Right
from mailer.model.words import reason_word
from mailer.web.console.desk import MAX_UPLOAD, PAGE_HEADERS, Desk, Visit

SHEETS = (".csv", ".xlsx", ".xls", ".et", ".ods", ".tsv", ".txt")
SHOWN = 200
KEPT_SHOWN = 3
KEPT_S = 86_400  # an uploaded sheet that nobody went on with
KEY = 17  # characters before the name of an uploaded sheet
_KEY = re.compile(r"[A-Za-z0-9_-]{16}-[^/\\]{1,100}")


def add_lists(desk: Desk) -> None:
    """Add the pages of lists, imports and suppressions."""
    desk.show("/lists")(show_lists)
    desk.act("/lists/sync", Right.CONTACTS)(sync)
    desk.show("/imports", Right.CONTACTS)(show_imports)
    desk.act("/imports/check", Right.CONTACTS, MAX_UPLOAD)(check_import)
    desk.act("/imports/apply", Right.CONTACTS)(apply_import)
    desk.act("/imports/undo", Right.CONTACTS)(undo_import)
    desk.show("/imports/refused/{key}", Right.CONTACTS)(save_refused)
    desk.show("/suppressions")(show_suppressions)
    desk.act("/suppressions/add", Right.SUPPRESS)(suppress)
    desk.act("/suppressions/lift", Right.SUPPRESS)(lift)


def show_lists(visit: Visit) -> Response:
    """The lists, with what a sync of their sheets would change."""
    house = visit.house
    changes = None
    if visit.ask("look") == "sync":
        changes = house.lists.sync(dry_run=True, may_shrink=True)
    return visit.page(
        "lists.html.j2",
        lists=house.lists.count(),
        settings=house.config.lists,
        segments=house.lists.count_segments() if house.config.segments else (),
        changes=changes,
    )


def sync(visit: Visit) -> Response:
    """Make the lists follow their sheets, as was shown."""
    done = visit.house.lists.sync(by=visit.by, may_shrink=visit.text("shrink") == "yes")
    added, gone = sum(len(one.added) for one in done.values()), sum(len(one.removed) for one in done.values())
    return visit.go(
        "/lists", _("The lists follow their sheets: {added} came, {gone} went.").format(added=added, gone=gone)
    )


def _uploads(visit: Visit) -> Path:
    """The folder of sheets that a user has uploaded and not imported yet; what is a day old is removed."""
    folder = visit.house.var / "uploads" / str(visit.session.user.id)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.iterdir():
        if time.time() - old.stat().st_mtime > KEPT_S:
            old.unlink(missing_ok=True)
    return folder


def _uploaded(visit: Visit, key: str) -> Path:
    file = _uploads(visit) / key
    if not _KEY.fullmatch(key) or not file.is_file():
        raise NotFoundError(_("this sheet is not here any more"), cure=_("upload it again"))
    return file


def show_imports(visit: Visit) -> Response:
    """What was imported, and the way to another."""
    house = visit.house
    return visit.page(
        "imports.html.j2",
        imports=house.contacts.imports(50),
        lists=[(name, one) for name, one in house.config.lists_in_order() if not one.file],
        sheets=",".join(SHEETS),
    )


def check_import(visit: Visit) -> Response:
    """What an import would do: new, changed, unchanged, moved, refused. Changes nothing."""
    file = visit.file("sheet")
    if file is not None:
        name = re.sub(r"[/\\\0]", "_", file.filename or "sheet")[-80:]
        if Path(name).suffix.lower() not in SHEETS:
            raise UsageError(_("“{name}” is no sheet").format(name=name), cure=_("save it as .xlsx or .csv"))
        key = f"{secrets.token_urlsafe(12)}-{name}"
        kept = _uploads(visit) / key
        kept.write_bytes(file.file.read())
    else:
        key = visit.text("key")
        kept = _uploaded(visit, key)
    mapping = [f"{heading}={field}" for heading, field in _mapping(visit)]
    refused = kept.with_name(f"{kept.name}.refused.csv")
    order = ImportOrder(kept, visit.text("list"), mapping, basis=visit.text("basis"), refused=refused)
    report = visit.house.contacts.import_sheet(order, visit.by, dry_run=True)
    return visit.page(
        "import_check.html.j2",
        report=report,
        key=key,
        name=kept.name[KEY:],
        list_name=visit.text("list"),
        basis=visit.text("basis"),
        fields=[(one, _(word)) for one, word in FIELD_WORDS.items()],
        chosen=dict(_mapping(visit)),
        words=CHANGE_WORDS,
        say_place=say_place,
        say_not_kept=say_not_kept,
        consents=say_consents(report),
        field_word=field_word,
        has_refused=refused.is_file(),
    )


def _mapping(visit: Visit) -> list[tuple[str, str]]:
    """What the user has said of columns: heading and field."""
    pairs = zip(visit.form.getlist("heading"), visit.form.getlist("field"), strict=False)
    return [(str(heading), str(field)) for heading, field in pairs if heading and field]


def apply_import(visit: Visit) -> Response:
    """Import the sheet as it was shown."""
    kept = _uploaded(visit, visit.text("key"))
    mapping = [f"{heading}={field}" for heading, field in _mapping(visit)]
    order = ImportOrder(kept, visit.text("list"), mapping, basis=visit.text("basis"), name=kept.name[KEY:])
    report = visit.house.contacts.import_sheet(order, visit.by)
    kept.unlink(missing_ok=True)
    if report.number is None:
        return visit.go("/imports", _("There was nothing to change."), "warning")
    return visit.go("/imports", _("Imported as number {n}; it can be undone here.").format(n=report.number))


def undo_import(visit: Visit) -> Response:
    """Put back what an import changed."""
    number = visit.number(visit.text("number"))
    if not number:
        raise UsageError(_("no import was chosen"))
    done = visit.house.contacts.undo_import(number, visit.by)
    sentence = _("Undone: {removed} gone, {off} off the list but still contacts, {restored} put back.").format(
        removed=done.removed, off=done.taken_off, restored=done.restored
    )
    if done.kept_count:
        few = _("; ").join(say_kept(one) for one in done.kept[:KEPT_SHOWN])
        more = _(" and {n} more").format(n=done.kept_count - KEPT_SHOWN) if done.kept_count > KEPT_SHOWN else ""
        sentence += " " + _(
            "What others changed since stays: {what}{more}. Undo it again once that is settled."
        ).format(what=few, more=more)
    return visit.go("/imports", sentence, "warning" if done.kept_count else "success")


def save_refused(visit: Visit, key: str) -> Response:
    """The rows that were refused, to be mended and imported again."""
    file = _uploaded(visit, f"{key}")
    refused = file.with_name(f"{file.name}.refused.csv")
    if not refused.is_file():
        raise NotFoundError(_("every row was taken"))
    headers = {**PAGE_HEADERS, "Content-Disposition": 'attachment; filename="rows-not-taken.csv"'}
    return Response(refused.read_bytes(), media_type="text/csv", headers=headers)


def show_suppressions(visit: Visit) -> Response:
    """Addresses that get nothing, the newest first."""
    words = visit.ask("q").strip().casefold()
    found = [one for one in visit.house.suppressions.list() if not words or words in one.address.casefold()]
    values: dict[str, Any] = {
        "words": visit.ask("q"),
        "reason_word": reason_word,
        "say_source": say_source,
        "page_of_source": page_of_source,
    }
    return visit.page("suppressions.html.j2", entries=found[:SHOWN], count=len(found), shown=SHOWN, **values)


def suppress(visit: Visit) -> Response:
    """Have an address get nothing."""
    visit.house.suppressions.add(visit.text("address"), visit.text("reason"), visit.by)
    return visit.go("/suppressions", _("{address} gets nothing from now on.").format(address=visit.text("address")))


def lift(visit: Visit) -> Response:
    """Let an address get mail again."""
    visit.house.suppressions.lift(visit.text("address"), visit.text("reason"), visit.by)
    return visit.go("/suppressions", _("{address} gets mail again.").format(address=visit.text("address")))
