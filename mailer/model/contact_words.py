"""Words for imports of contacts and for what is on record of one."""

import re

from mailer.i18n import N_, _, ngettext
from mailer.model.consent import Basis
from mailer.model.contact_import import ChangeKind, ImportReport, KeptContact, KeptOut, KeptReason, UndoReport
from mailer.model.contact_sheet import ATTRIBUTE, AsideKind, CellPlace, ColumnNotKept
from mailer.model.history import SuppressionRecord
from mailer.model.history_words import SUBSCRIPTION_WORDS
from mailer.model.words import reason_word

CHANGE_WORDS: dict[ChangeKind, str] = {
    ChangeKind.NEW: N_("new"),
    ChangeKind.JOINED: N_("known, new on this list"),
    ChangeKind.MOVED: N_("to another organisation"),
    ChangeKind.CHANGED: N_("changed"),
    ChangeKind.REORDERED: N_("moved on the list"),
    ChangeKind.UNCHANGED: N_("unchanged"),
    ChangeKind.KEPT_OUT: N_("kept out"),
}
FIELD_WORDS = {
    "organisation": N_("Organisation"),
    "name": N_("Name"),
    "title": N_("Job title"),
    "city": N_("City"),
    "level": N_("Level"),
    "address": N_("Address"),
    "phone": N_("Phone"),
    "language": N_("Language"),
}
KEPT_OUT_WORDS: dict[KeptOut, str] = {
    KeptOut.LEFT: N_("has left this list"),
    KeptOut.SUPPRESSED: N_("gets nothing (suppressed)"),
    KeptOut.PENDING: N_("was asked, and has not confirmed yet"),
}
KEPT_WORDS: dict[KeptReason, str] = {
    KeptReason.CHANGED: N_("was changed since"),
    KeptReason.SUBSCRIPTION: N_("was put on the list otherwise since"),
    KeptReason.OTHER_LIST: N_("another list knows it too"),
    KeptReason.MAILED: N_("a mailing has it among its recipients"),
    KeptReason.LEFT: N_("had left the list by itself"),
}
ASIDE_WORDS: dict[AsideKind, str] = {
    AsideKind.TITLE: N_("title of the sheet"),
    AsideKind.HEADING: N_("headings again"),
    AsideKind.CITY: N_("city of the rows below"),
    AsideKind.SECTION: N_("heading between rows"),
    AsideKind.TOTAL: N_("total"),
    AsideKind.NOTE: N_("note"),
    AsideKind.OTHER_LIST: N_("of another list"),
}
BASIS_WORDS = {
    "membership": N_("membership"),
    "official duty": N_("official duty"),
    Basis.SHEET: N_("the list’s sheet"),
    Basis.CONSENT: N_("consent"),
    Basis.OPT_IN: N_("confirmed by the reader"),
    Basis.CONTRACT: N_("contract"),
    Basis.DUTY: N_("legal duty"),
    Basis.PUBLIC: N_("public data"),
}
SOURCE_WORDS = {
    "web": N_("the web page"),
    "invitation": N_("an invitation by mail"),
    "preferences": N_("the reader’s preferences"),
    "staff": N_("staff"),
    "sheet": N_("the list’s sheet"),
}


def subscription_word(status: str) -> str:
    """Return a subscription's status in the user's language."""
    return _(SUBSCRIPTION_WORDS[status]) if status in SUBSCRIPTION_WORDS else status


def field_word(name: str) -> str:
    """Return what a field is called in the user's language; an attribute has its own name."""
    return _(FIELD_WORDS[name]) if name in FIELD_WORDS else name.removeprefix(ATTRIBUTE)


def say_not_kept(one: ColumnNotKept) -> str:
    """Return a column of which nothing is kept, with how many cells that concerns."""
    line = ngettext(
        "{place}: {n} cell holds something that is not kept",
        "{place}: {n} cells hold something that is not kept",
        one.cells,
    )
    return line.format(place=say_column(one.place), n=one.cells)


def say_consents(report: ImportReport) -> list[str]:
    """Return what is done with the leave that the sheet itself says."""
    lines = []
    if report.said_count:
        line = ngettext(
            "{n} subscription has the basis and time that the sheet says; the source names the sheet and its words",
            "{n} subscriptions have the basis and time that the sheet says; the source names the sheet and its words",
            report.said_count,
        )
        lines.append(line.format(n=report.said_count))
    if report.unknown_basis_count:
        line = ngettext(
            "{n} subscription gets the basis “{basis}”: that of the sheet is none we know; it stands in the source",
            "{n} subscriptions get the basis “{basis}”: that of the sheet is none we know; it stands in the source",
            report.unknown_basis_count,
        )
        lines.append(line.format(n=report.unknown_basis_count, basis=say_basis(report.basis)))
    return lines


def say_column(place: CellPlace) -> str:
    """Return a column of a sheet as people find it in a spreadsheet."""
    column = f"{place.letter} {place.heading}".strip()
    return (
        _("sheet {sheet}, column {column}").format(sheet=place.sheet, column=column)
        if place.sheet
        else _("column {column}").format(column=column)
    )


def say_kept(one: KeptContact) -> str:
    """Return what of a contact undoing an import leaves, and why."""
    why = _(KEPT_WORDS[one.reason])
    if one.fields:
        names = _(", ").join(field_word(name) for name in one.fields)
        why = _("{fields} changed since").format(fields=names)
    return _("{address}: {why}").format(address=one.address, why=why)


def say_undone(report: UndoReport) -> str:
    """Return in a sentence what undoing an import did, or would do."""
    return _(
        "import {n}: {removed} gone, {off} off the list but still contacts, {restored} put back, "
        "{kept} stay in part as others changed them since"
    ).format(
        n=report.record.number, removed=report.removed, off=report.taken_off, restored=report.restored,
        kept=report.kept_count,
    )  # fmt: skip


def say_place(place: CellPlace) -> str:
    """Return where a cell stands, as people find it in a spreadsheet: sheet, row, column with its heading."""
    column = f"{place.letter} {place.heading}".strip()
    values = {"sheet": place.sheet, "row": place.row, "column": column}
    if place.sheet:
        text = _("sheet {sheet}, row {row}, column {column}") if column else _("sheet {sheet}, row {row}")
    else:
        text = _("row {row}, column {column}") if column else _("row {row}")
    return text.format(**values)


def say_basis(basis: str) -> str:
    """Return a basis of consent in the user's language; one that staff wrote is as they wrote it."""
    return _(BASIS_WORDS[basis]) if basis in BASIS_WORDS else basis or "–"


def say_source(source: str) -> str:
    """Return where a subscription or suppression comes from in the user's language; what staff wrote is as it is."""
    if source in SOURCE_WORDS:
        return _(SOURCE_WORDS[source])
    brought = re.fullmatch(r"import (\d+): (.*)", source, re.DOTALL)
    if brought is not None:
        return _("import {n}: {file}").format(n=brought[1], file=brought[2])
    sent = re.fullmatch(r"mailing (\d+)", source)
    if sent is not None:
        return _("Mailing {id}").format(id=sent[1])
    came = re.fullmatch(r"returned mail (\d+)", source)
    if came is not None:
        return _("Returned mail {n}").format(n=came[1])
    return source or "–"


def page_of_source(source: str) -> str:
    """Return the console's page of what a suppression comes from; empty where there is none."""
    found = re.fullmatch(r"(mailing|returned mail) (\d+)", source)
    return f"/{'mailings' if found[1] == 'mailing' else 'returned'}/{found[2]}" if found is not None else ""


def say_suppressed(found: SuppressionRecord, when: str) -> str:
    """Return since when and why an address gets nothing, in the user's language. when: as it is written."""
    why = reason_word(found.reason)
    if not found.source:
        return _("suppressed since {when}: {reason}").format(when=when, reason=why)
    line = _("suppressed since {when}: {reason} ({source})")
    return line.format(when=when, reason=why, source=say_source(found.source))
