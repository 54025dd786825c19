"""Contacts and imports of them, for --json."""

from mailer.cli.why import describe_delivery
from mailer.model.contact_history import ContactHistory
from mailer.model.contact_import import ChangeKind, ContactChange, ImportRecord, ImportReport, UndoReport
from mailer.model.contact_sheet import CellPlace
from mailer.model.delivery import Contact
from mailer.model.listed import ListedContact


def _place(place: CellPlace) -> dict[str, object]:
    return {"sheet": place.sheet, "row": place.row, "column": place.letter, "heading": place.heading}


def describe_contact(value: Contact) -> dict[str, object]:
    """Return a contact."""
    return {
        "address": value.address, "name": value.name, "title": value.title, "organisation": value.organisation,
        "city": value.city, "level": value.level, "phone": value.phone, "language": value.language,
        "attributes": dict(value.attributes),
    }  # fmt: skip


def describe_listed(one: ListedContact) -> dict[str, object]:
    """Return a contact with its standing on a list."""
    return {
        **describe_contact(one.contact), "list": one.list_name, "status": one.status, "basis": one.basis,
        "source": one.source, "since": one.since,
    }  # fmt: skip


def _describe_change(change: ContactChange) -> dict[str, object]:
    return {
        **_place(change.place),
        **describe_contact(change.contact),
        "fields": {one.field: {"was": one.was, "now": one.now} for one in change.fields},
        "position": {"was": change.was_position, "now": change.now_position},
        "kept_out": change.kept_out,
    }


def describe_import(report: ImportReport, *, dry_run: bool) -> dict[str, object]:
    """Return what an import does; of each kind the first are named, `counts` has all."""
    return {
        "import": report.number,
        "dry_run": dry_run,
        "list": report.list_name,
        "file": report.file_name,
        "basis": report.basis,
        "counts": {
            **{kind.value: report.counts[kind] for kind in ChangeKind},
            "refused": report.refused_count,
            "doubtful": report.doubt_count,
            "aside": report.aside_count,
        },
        **{kind.value: [_describe_change(one) for one in report.changes[kind]] for kind in ChangeKind
           if kind is not ChangeKind.UNCHANGED},
        "refused": [
            {**_place(one.place), "value": one.value, "reason": one.reason, "cure": one.cure} for one in report.refused
        ],
        "doubtful": [
            {**_place(one.place), "value": one.value, "doubt": one.doubt, "suggestion": one.suggestion}
            for one in report.doubts
        ],
        "aside": [{**_place(one.place), "kind": one.kind.value, "text": one.text} for one in report.aside],
        "columns": [
            {
                "sheet": one.sheet,
                "row": one.row,
                "used": [{"field": name, **_place(place)} for name, place in one.used],
                "unused": [_place(place) for place in one.unused],
            }
            for one in report.columns
        ],
        "not_kept": [{**_place(one.place), "cells": one.cells} for one in report.not_kept],
        "as_the_sheet_says": report.said_count,
        "unknown_basis": report.unknown_basis_count,
        "sheets_left_out": [{"sheet": one.sheet, "hidden": one.hidden} for one in report.left_out],
    }  # fmt: skip


def describe_record(record: ImportRecord) -> dict[str, object]:
    """Return an import on record."""
    return {
        "import": record.number, "list": record.list_name, "by": record.by, "at": record.at, "file": record.file_name,
        "sha256": record.file_sha256, "basis": record.basis, "counts": dict(record.counts),
        "undone_at": record.undone_at, "undone_by": record.undone_by,
        "undone_kept": record.undone_kept,
    }  # fmt: skip


def describe_undo(report: UndoReport, *, dry_run: bool) -> dict[str, object]:
    """Return what undoing an import does."""
    return {
        "import": report.record.number, "dry_run": dry_run, "removed": report.removed, "taken_off": report.taken_off,
        "restored": report.restored, "stay_count": report.stay_count, "kept_count": report.kept_count,
        **{
            name: [{"address": one.address, "reason": one.reason.value, "fields": list(one.fields)} for one in shown]
            for name, shown in (("stay", report.stay), ("kept", report.kept))
        },
    }  # fmt: skip


def describe_history(history: ContactHistory) -> dict[str, object]:
    """Return everything on record of a contact."""
    found = history.suppression
    return {
        "address": history.address,
        "contact": describe_contact(history.contact) if history.contact is not None else None,
        "international": history.international,
        "subscriptions": [
            {
                "list": one.list_name, "status": one.status, "since": one.since, "basis": one.basis,
                "source": one.source, "left_at": one.left_at, "left_reason": one.left_reason,
            }
            for one in history.subscriptions
        ],
        "suppression": {"reason": found.reason, "source": found.source, "since": found.since, "until": found.until}
        if found is not None
        else None,
        "imports": [describe_record(one) for one in history.imports],
        "deliveries": [{"mailing": one.mailing_id, **describe_delivery(one)} for one in history.deliveries],
    }  # fmt: skip
