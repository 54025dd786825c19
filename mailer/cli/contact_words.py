"""Draws imports of contacts and what is on record of one: the difference first, then what a person must look at."""

from collections.abc import Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from mailer.cli.drawing import STATUS_WORDS, say, say_marked, show_time
from mailer.i18n import _, ngettext
from mailer.model.contact_history import ContactHistory
from mailer.model.contact_import import ChangeKind, ContactChange, ImportReport, UndoReport
from mailer.model.contact_sheet import SheetColumns
from mailer.model.contact_words import (
    ASIDE_WORDS,
    CHANGE_WORDS,
    KEPT_OUT_WORDS,
    field_word,
    say_basis,
    say_consents,
    say_kept,
    say_not_kept,
    say_place,
    say_source,
    say_suppressed,
    say_undone,
    subscription_word,
)
from mailer.model.delivery import Contact
from mailer.model.history import DeliveryRecord
from mailer.model.history_words import EVENT_WORDS, say_left

FEW = 10  # of each kind by name; --json has more

# in this order: what needs no look last
_SHOWN = (
    ChangeKind.NEW,
    ChangeKind.JOINED,
    ChangeKind.MOVED,
    ChangeKind.CHANGED,
    ChangeKind.REORDERED,
    ChangeKind.KEPT_OUT,
)


def draw_import(report: ImportReport, refused: Path | None, *, dry_run: bool) -> None:
    """Print what an import did, or would do."""
    for columns in report.columns:
        _draw_columns(columns)
    for lost in report.not_kept:
        say_marked(_("warning: "), "yellow", say_not_kept(lost))
        name = lost.place.heading or lost.place.letter
        say(
            "  → "
            + _("--map “{name}=attribute” keeps it beside the fields, --map “{name}=-” leaves it out").format(name=name)
        )
    for left in report.left_out:
        line = (
            _("sheet {sheet} is hidden and was not read: --sheet reads it")
            if left.hidden
            else _("sheet {sheet} has no column of addresses and was not read")
        )
        say(line.format(sheet=left.sheet), "yellow")
    for aside in report.aside[:FEW]:
        say(
            _("{place}: {kind}, no contact: {text}").format(
                place=say_place(aside.place), kind=_(ASIDE_WORDS[aside.kind]), text=_shorten(aside.text)
            ),
            "dim",
        )
    _say_more(report.aside_count)
    _draw_changes(report)
    _draw_doubts(report)
    _draw_refused(report, refused)
    _draw_sum(report, dry_run=dry_run)


def _draw_columns(columns: SheetColumns) -> None:
    used = _(", ").join(
        f"{place.letter} {place.heading}".strip() + " = " + field_word(name) for name, place in columns.used
    )
    say(_("columns of sheet {sheet}: {columns}").format(sheet=columns.sheet, columns=used) if columns.sheet else _(
        "columns: {columns}"
    ).format(columns=used))  # fmt: skip


def _draw_changes(report: ImportReport) -> None:
    for kind in _SHOWN:
        count = report.counts[kind]
        if not count:
            continue
        say_marked(f"{_(CHANGE_WORDS[kind])} {count}", "yellow" if kind is ChangeKind.KEPT_OUT else "bold", "")
        for change in report.changes[kind][:FEW]:
            say(f"  {_who(change.contact)}")
            for line in _change_lines(change):
                say(f"    {line}", "dim")
        _say_more(count)


def _who(value: Contact) -> str:
    return " ".join(part for part in (value.organisation, value.name, value.title, f"<{value.address}>") if part)


def _change_lines(change: ContactChange) -> list[str]:
    lines = [
        _("{field}: {was} → {now}").format(field=field_word(one.field), was=one.was or "–", now=one.now or "–")
        for one in change.fields
    ]
    if change.was_position is not None and change.was_position != change.now_position:
        lines.append(_("place: {was} → {now}").format(was=change.was_position, now=change.now_position))
    if change.kept_out is not None:
        lines.append(_("{place}: {why}").format(place=say_place(change.place), why=_(KEPT_OUT_WORDS[change.kept_out])))
    return lines


def _draw_doubts(report: ImportReport) -> None:
    for one in report.doubts[:FEW]:
        line = _("{place}: “{value}”: {doubt}").format(
            place=say_place(one.place), value=_shorten(one.value), doubt=one.doubt
        )
        say_marked(_("warning: "), "yellow", line)
        if one.suggestion:
            say("  → " + _("should it be {address}? It was taken as it is").format(address=one.suggestion))
    _say_more(report.doubt_count)


def _draw_refused(report: ImportReport, refused: Path | None) -> None:
    for one in report.refused[:FEW]:
        line = _("{place}: “{value}”: {doubt}").format(
            place=say_place(one.place), value=_shorten(one.value), doubt=one.reason
        )
        say_marked(_("refused: "), "bold red", line)
        say(f"  → {one.cure}")
    _say_more(report.refused_count)
    if report.refused_count and refused is not None:
        say(_("what is refused stands in {file}: mend it there, then import that file").format(file=refused))
    elif report.refused_count > FEW:
        say(_("--refused FILE writes all of it to a sheet that can be mended and imported"), "dim")


def _draw_sum(report: ImportReport, *, dry_run: bool) -> None:
    parts = [f"{_(CHANGE_WORDS[kind])} {count}" for kind, count in report.counts.items() if count]
    parts.append(_("refused {n}").format(n=report.refused_count))
    say(_("{list}: {counts}").format(list=report.list_name, counts=_(", ").join(parts)), "bold")
    for line in say_consents(report):
        say(line)
    if dry_run:
        say(_("nothing was changed (--dry-run)"))
    elif report.number is None:
        say(_("there was nothing to change"))
    else:
        say(
            _("import {n}, basis “{basis}”; back again: `mailer contacts import --undo {n}`").format(
                n=report.number, basis=say_basis(report.basis)
            ),
            "green",
        )


def _say_more(count: int) -> None:
    if count > FEW:
        say("  " + _("… and {n} more (--json)").format(n=count - FEW), "dim")


def _shorten(text: str, most: int = 60) -> str:
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 1] + "…"


def draw_undo(report: UndoReport, *, dry_run: bool) -> None:
    """Print what undoing an import did, or would do."""
    for one in report.stay[:FEW]:
        say_marked(_("off the list, still a contact: "), "", say_kept(one))
    _say_more(report.stay_count)
    for one in report.kept[:FEW]:
        say_marked(_("stays: "), "yellow", say_kept(one))
    _say_more(report.kept_count)
    say(say_undone(report), "bold")
    if dry_run:
        say(_("nothing was changed (--dry-run)"))
    elif report.kept_count:
        say(_("the same command again undoes what is free by then"), "dim")


def draw_history(history: ContactHistory, zone: ZoneInfo) -> None:
    """Print everything on record of a contact."""
    say(_who(history.contact) if history.contact is not None else history.address, "bold")
    if history.contact is None:
        say(_("no contact has this address (any more)"), "yellow")
    else:
        known = history.contact
        details = [part for part in (known.city, known.level, known.phone, known.language) if part]
        details += [f"{name}={text}" for name, text in known.attributes]
        if details:
            say(_(", ").join(details))
    if history.international:
        say(_("only relays with SMTPUTF8 carry this address"), "yellow")
    for one in history.subscriptions:
        line = _("list {title}: {status} since {when}; basis {basis}, source {source}")
        say(line.format(
            title=one.list_title, status=subscription_word(one.status),
            when=show_time(one.since, zone), basis=say_basis(one.basis), source=say_source(one.source),
        ))  # fmt: skip
        if one.left_at is not None:
            say(
                "  "
                + _("left at {when}: {why}").format(when=show_time(one.left_at, zone), why=say_left(one.left_reason))
            )
    if history.suppression is not None:
        say(say_suppressed(history.suppression, show_time(history.suppression.since, zone)), "yellow")
    for record in history.imports:
        line = _("import {n} of {file} by {name}, {when}")
        say(line.format(n=record.number, file=record.file_name, name=record.by or "–", when=show_time(record.at, zone)))
    _draw_deliveries(history.deliveries, zone)


def _draw_deliveries(found: Sequence[DeliveryRecord], zone: ZoneInfo) -> None:
    if not found:
        say(_("no mailing went to it yet"))
        return
    say(ngettext("newest copy:", "newest copies, {n}:", len(found)).format(n=len(found)))
    for one in found:
        line = _("{when}  mailing {id}: {status}").format(
            when=show_time(one.planned_at, zone), id=one.mailing_id, status=_(STATUS_WORDS[one.status])
        )
        say(f"  {line}")
        for event in one.events:
            word = EVENT_WORDS.get(event.kind, event.kind)
            say(f"    {show_time(event.happened_at, zone)}  {_(word)}", "dim")
