"""Contacts in bulk, over the API: brought onto a list as a sheet is, and taken back."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from mailer.app import RecordOrder
from mailer.i18n import N_, _
from mailer.model.api_token import Scope
from mailer.model.contact_import import ChangeKind, ContactChange, KeptOut
from mailer.model.contact_sheet import RefusedCell
from mailer.model.contact_words import KEPT_OUT_WORDS
from mailer.web.api.caller import Caller
from mailer.web.api.contact_shapes import BulkOrder, BulkResult, BulkRow, ImportShape, UndoResult
from mailer.web.api.cures import say_cure, say_detail
from mailer.web.api.problems import CONFLICT, readable
from mailer.web.api.shapes import Digits

KEPT_OUT_CURES: dict[KeptOut, str] = {
    KeptOut.LEFT: N_("once a consent is on record, POST /contacts/{address}/subscriptions"),
    KeptOut.SUPPRESSED: N_("where the address is known to be good, POST /suppressions/lift"),
    KeptOut.PENDING: N_("wait for the answer; or where a consent is on record, POST /contacts/{address}/subscriptions"),
}
Number = Annotated[int, Digits, Path(ge=1, le=2**31 - 1)]


def add_bulk(router: APIRouter, scope: Any) -> None:
    """Add the routes of bulk orders and imports."""
    reading, writing = scope(Scope.CONTACTS_READ), scope(Scope.CONTACTS_WRITE)

    @router.post("/contacts/bulk", responses=CONFLICT, tags=["contacts"])
    def write_contacts(order: BulkOrder, caller: Caller = writing) -> BulkResult:
        """Bring up to 10,000 contacts onto a list: new ones are added, known ones corrected, all in one transaction.

        A row that is refused keeps no other out. Who has left the list, or is suppressed, does not come back. 409 for
        a list that follows a sheet.
        """
        rows: dict[int, BulkRow] = {}

        def refuse(one: RefusedCell) -> None:
            rows[one.place.row] = BulkRow(
                row=one.place.row, address=readable(one.values.get("address", "")[:320]), result="refused",
                reason=readable(say_detail(one.reason)), cure=readable(say_cure(one.cure)), kept_out="",
            )  # fmt: skip

        def tell(one: ContactChange) -> None:
            why = one.kept_out
            rows[one.place.row] = BulkRow(
                row=one.place.row, address=one.contact.address, result=one.kind.value,
                reason=_(KEPT_OUT_WORDS[why]) if why is not None else "",
                cure=_(KEPT_OUT_CURES[why]).format(address=one.contact.address) if why is not None else "",
                kept_out=why.value if why is not None else "",
            )  # fmt: skip

        report = caller.house.contacts.import_records(
            [one.model_dump() for one in order.contacts],
            RecordOrder(order.list, order.source, refuse, tell, order.basis),
            caller.by,
            dry_run=order.dry_run,
        )
        counts = {kind.value: report.counts[kind] for kind in ChangeKind} | {"refused": report.refused_count}
        return BulkResult(import_number=report.number, counts=counts, rows=[rows[number] for number in sorted(rows)])

    @router.get("/imports", tags=["contacts"])
    def show_imports(caller: Caller = reading, limit: Annotated[int, Query(ge=1, le=200)] = 50) -> list[ImportShape]:
        """The newest imports first: of sheets, and of bulk orders."""
        return [
            ImportShape(
                number=one.number, list=one.list_name, by=one.by, at=one.at, source=one.file_name, basis=one.basis,
                counts=dict(one.counts), undone_at=one.undone_at, undone_by=one.undone_by,
            )
            for one in caller.house.contacts.imports(limit)
        ]  # fmt: skip

    @router.delete("/imports/{number}", responses=CONFLICT, tags=["contacts"])
    def undo_import(number: Number, caller: Caller = writing) -> UndoResult:
        """Take an import back: who it brought comes off its list, fields become what they were.

        What others have changed since stays; the same again undoes what is free by then, 409 where nothing is left.
        """
        done = caller.house.contacts.undo_import(number, caller.by)
        return UndoResult(removed=done.removed, taken_off=done.taken_off, restored=done.restored, kept=done.kept_count)
