"""Words for imports of contacts and for what is on record of one."""

from mailer.i18n import N_, _
from mailer.model.contact_import import ChangeKind, KeptContact, KeptOut, KeptReason, UndoReport
from mailer.model.contact_sheet import AsideKind, CellPlace
from mailer.model.history_words import SUBSCRIPTION_WORDS

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
    AsideKind.TITLE: N_("title"),
    AsideKind.HEADING: N_("headings again"),
    AsideKind.CITY: N_("city of the rows below"),
    AsideKind.SECTION: N_("heading between rows"),
    AsideKind.TOTAL: N_("total"),
    AsideKind.NOTE: N_("note"),
}
BASIS_WORDS = {"membership": N_("membership"), "official duty": N_("official duty"), "sheet": N_("the list’s sheet")}


def subscription_word(status: str) -> str:
    """Return a subscription's status in the user's language."""
    return _(SUBSCRIPTION_WORDS[status]) if status in SUBSCRIPTION_WORDS else status


def say_kept(one: KeptContact) -> str:
    """Return what of a contact undoing an import leaves, and why."""
    why = _(KEPT_WORDS[one.reason])
    if one.fields:
        names = _(", ").join(_(FIELD_WORDS[name]) for name in one.fields)
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
    return _(BASIS_WORDS[basis]) if basis in BASIS_WORDS else basis
