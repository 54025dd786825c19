"""Contacts: found, looked at, put on lists and taken off, corrected, handed out, erased; and by organisation."""

import json
import tempfile
from pathlib import Path, PurePath
from urllib.parse import quote

from fastapi import Response

from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.contact_words import say_basis, say_source, subscription_word
from mailer.model.history_words import SUBSCRIPTION_WORDS, say_left
from mailer.model.people import Right
from mailer.model.words import reason_word
from mailer.web.console.desk import PAGE_HEADERS, Desk, Visit
from mailer.web.console.reports import XLSX

SHOWN = 50
FIELDS = ("name", "title", "organisation", "city", "phone", "level")


def add_contacts(desk: Desk) -> None:
    """Add the pages of contacts."""
    desk.show("/contacts")(show_contacts)
    desk.show("/contacts/show")(show_contact)
    desk.show("/contacts/export", Right.CONTACTS)(export)
    desk.act("/contacts/join", Right.CONTACTS)(join)
    desk.act("/contacts/leave", Right.CONTACTS)(leave)
    desk.act("/contacts/invite", Right.CONTACTS)(invite)
    desk.act("/contacts/change", Right.CONTACTS)(change)
    desk.act("/contacts/data", Right.PERSONS)(hand_out)
    desk.act("/contacts/forget", Right.PERSONS)(forget)
    desk.show("/organisations")(show_organisations)


def show_contacts(visit: Visit) -> Response:
    """Contacts by list, standing and words."""
    house = visit.house
    words, status, chosen = visit.ask("q").strip(), visit.ask("status"), visit.ask("list")
    after = visit.number(visit.ask("after"))
    found = house.contacts.page(
        words,
        chosen if chosen in house.config.lists or chosen in house.config.segments else "",
        after,
        SHOWN + 1,
        status if status in SUBSCRIPTION_WORDS else "",
    )
    return visit.page(
        "contacts.html.j2",
        contacts=found[:SHOWN],
        standings=house.contacts.standings([number for number, _contact in found[:SHOWN]]),
        more=found[SHOWN - 1][0] if len(found) > SHOWN else 0,
        words=words,
        status_chosen=status,
        list_chosen=chosen,
        lists=house.config.lists_in_order(),
        segments=tuple(house.config.segments),
        statuses=[(one, _(word)) for one, word in SUBSCRIPTION_WORDS.items()],
        subscription_word=subscription_word,
        free=[(name, one) for name, one in house.config.lists_in_order() if not one.follows_file],
    )


def show_contact(visit: Visit) -> Response:
    """Everything on record of one address."""
    house = visit.house
    history = house.contacts.tell(visit.ask("address"))
    on = {one.list_name for one in history.subscriptions if one.status == "active"}
    kept_in = [one for name, one in house.config.lists_in_order() if name in on and one.follows_file]
    return visit.page(
        "contact.html.j2",
        history=history,
        contact=history.contact,
        fields=FIELDS,
        kept_in=[(one.title, PurePath(one.file).name) for one in kept_in],
        subscription_word=subscription_word,
        reason_word=reason_word,
        say_basis=say_basis,
        say_source=say_source,
        say_left=say_left,
        free=[(name, one) for name, one in house.config.lists_in_order() if not one.follows_file and name not in on],
        invitable=[(name, one) for name, one in house.config.lists_in_order() if one.joining in ("invite", "open")],
    )


def _to_contact(visit: Visit, address: str, sentence: str) -> Response:
    return visit.go(f"/contacts/show?address={quote(address)}", sentence)


def join(visit: Visit) -> Response:
    """Put an address on a list, by leave that is on record."""
    address, name = visit.text("address"), visit.text("list")
    if name not in visit.house.config.lists:
        raise UsageError(_("no list was chosen"))
    done = visit.house.persons.join(
        address, name, visit.by, source=visit.text("source"), name=visit.text("name"),
        organisation=visit.text("organisation"), city=visit.text("city"),
    )  # fmt: skip
    sentence = _("It is on the list.") if done.news else _("It was on the list already.")
    if done.revived:
        sentence += " " + _(
            "Until now it got no mail ({reason}); the consent you named lifts that for this list."
        ).format(reason=reason_word(done.revived))
    return _to_contact(visit, address, sentence)


def leave(visit: Visit) -> Response:
    """Take an address off lists."""
    address, chosen = visit.text("address"), visit.texts("list")
    if visit.text("all") != "yes" and not chosen:
        raise UsageError(_("no list was chosen"))
    lists = [] if visit.text("all") == "yes" else chosen
    names = visit.house.persons.leave(address, lists, visit.text("reason"), visit.by)
    titles = [visit.house.config.lists[one].title for one in names]
    return _to_contact(visit, address, _("Taken off: {lists}").format(lists=_(", ").join(titles) or "–"))


def invite(visit: Visit) -> Response:
    """Ask an address by mail whether it wants a list."""
    address = visit.text("address")
    if not visit.texts("list"):
        raise UsageError(_("no list was chosen"))
    visit.house.joining.invite(address, visit.texts("list"), visit.by)
    return _to_contact(visit, address, _("A mail asks the reader to confirm."))


def change(visit: Visit) -> Response:
    """Correct what is kept of a person."""
    address = visit.text("address")
    known = visit.house.contacts.tell(address).contact
    changes = {
        one: visit.text(one) for one in FIELDS if one in visit.form and visit.text(one) != getattr(known, one, "")
    }
    visit.house.persons.change(address, changes, visit.by)
    return _to_contact(visit, address, _("Corrected."))


def hand_out(visit: Visit) -> Response:
    """Everything kept of a person, as a file for that person."""
    found = visit.house.persons.hand_out(visit.text("address"), visit.by)
    text = json.dumps(found, ensure_ascii=False, indent=1, default=str)
    headers = {**PAGE_HEADERS, "Content-Disposition": 'attachment; filename="person.json"'}
    return Response(text, media_type="application/json", headers=headers)


def forget(visit: Visit) -> Response:
    """Erase a person."""
    if visit.text("confirm") != visit.text("address"):
        raise UsageError(_("the address typed is another"), cure=_("type the address to confirm that it is erased"))
    done = visit.house.persons.forget(visit.text("address"), visit.by)
    still = [_("Erased; the address still stands in {sheets}.").format(sheets=_(", ").join(done.sheets))] * bool(
        done.sheets
    )
    if done.pending:
        still.append(
            _("The database’s log file holds the person until nobody reads in it; this is tried again by itself.")
        )
    if still:
        return visit.go("/contacts", " ".join(still), "warning")
    return visit.go("/contacts", _("Erased; only a code that nobody can read back keeps it from coming again."))


def export(visit: Visit) -> Response:
    """Contacts as a sheet."""
    ending = "csv" if visit.ask("form") == "csv" else "xlsx"
    config = visit.house.config
    asked = visit.request.query_params.getlist("list")
    lists = [one for one in asked if one in config.lists or one in config.segments]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"contacts.{ending}"
        visit.house.contacts.export(path, lists, visit.by)
        headers = {**PAGE_HEADERS, "Content-Disposition": f'attachment; filename="contacts.{ending}"'}
        return Response(path.read_bytes(), media_type=XLSX if ending == "xlsx" else "text/csv", headers=headers)


def show_organisations(visit: Visit) -> Response:
    """Organisations by city, or those that nothing reaches."""
    without, city, after = visit.ask("only") == "unreached", visit.ask("city").strip(), visit.ask("after")
    page = visit.house.persons.page_of_organisations(city, visit.number(after), SHOWN, without_address=without)
    return visit.page("organisations.html.j2", page=page, without=without, city=city)
