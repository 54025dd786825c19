"""The rights of a person: everything is handed out; once erased no table holds the address or the name."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert, select, update

from mailer.audience.joining import Ask, ask_to_join
from mailer.audience.leaving import leave_by_staff
from mailer.audience.persons import change_contact, erase_person, hand_out
from mailer.audience.sync import sync_list
from mailer.config import JoiningConfig
from mailer.errors import NotFoundError, StateError, UsageError
from mailer.model.address import parse_address
from mailer.model.delivery import Contact, DeliveryStatus
from mailer.model.people import Actor
from mailer.model.reading import Hit, HitKind, Judgement, Verdict
from mailer.reports.summary import summarise_mailing
from mailer.store import audience, audit, contact_imports, mailings, notices, readings
from mailer.store.consents import list_consents
from mailer.store.database import Connection
from mailer.store.events import NewEvent, record_event
from mailer.store.readings import NewHit
from mailer.store.schema import (
    attempt,
    contact_import_row,
    delivery,
    event,
    mailing,
    mailing_only,
    metadata,
    pace,
    pace_use,
    proof,
    returned_mail,
)
from mailer.tokens import Purpose, hash_address, sign_token
from mailer.tracking.by_hand import add_by_hand
from tests.world import NOW, SECRET, World, make_contact

ADDRESS = parse_address("Wen.Ling@solo-firm.example")
PERSON = Contact(
    ADDRESS.text,
    ADDRESS.key,
    "文灵",
    "总监文",
    "文灵工作室",
    "衢州",
    "0570-5550123",
    "市",
    "zh_CN",
    (("行业", "文创"),),
)
WORDS = (
    ADDRESS.text,
    ADDRESS.key,
    "Wen.Ling",
    "solo-firm",
    "文灵",
    "总监文",
    "0570-5550123",
    "文创",
    "203.0.113",
    "Mobile",
)
STAFF = Actor("管理员")


@pytest.fixture
def person(world: World) -> int:
    """Somebody of whom every table that may hold a reader holds something; the number of their delivery."""
    with world.store.write() as connection:
        members = [one.contact for one in audience.read_subscribers(connection, world.lists["members"]).values()]
        sync_list(connection, world.lists["members"], [PERSON, *members], "members.csv", NOW)
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        number = connection.execute(select(delivery.c.id).where(delivery.c.address_key == ADDRESS.key)).scalar_one()
        _fill(connection, world, mailing_id, number)
    return int(number)


def _fill(connection: Connection, world: World, mailing_id: int, number: int) -> None:
    reply = f"550 5.1.1 <{ADDRESS.text}> unknown"
    connection.execute(
        insert(attempt).values(
            delivery_id=number, number=1, relay="main", started_at=NOW, outcome="refused", code=550, reply=reply
        )
    )
    done = {"status": DeliveryStatus.ACCEPTED.value, "reply": reply, "finished_at": NOW}
    connection.execute(update(delivery).where(delivery.c.id == number).values(**done))
    record_event(connection, NewEvent(number, "bounce", False, "full", reply, f"mail of {ADDRESS.text}", NOW))
    record_event(connection, NewEvent(number, "bounce", False, "full", reply, "second", NOW))
    hit = Hit(HitKind.CLICK, 1, NOW, "GET", "Mobile 1.0", prefetch=False)
    place = (number, mailing_id, world.lists["members"])
    readings.add_hits(connection, [NewHit(*place, hit, "203.0.113.0/24", Judgement(Verdict.HUMAN, ""))])
    connection.execute(insert(mailing_only).values(mailing_id=mailing_id, address_key=ADDRESS.key))
    why = f"the relay says: {reply}"
    connection.execute(update(mailing).where(mailing.c.id == mailing_id).values(reason=why, again_reason=why))
    made = ask_to_join(connection, SECRET, Ask(ADDRESS, ("members",), "web", "203.0.113.9"), JoiningConfig(), NOW)
    assert made is not None
    notices.add_notice(connection, f"join {made[0]}", "subject", "body", [ADDRESS.text], NOW, NOW)
    _fill_returned(connection, number, reply)
    _fill_import(connection, world)
    _fill_notes(connection, mailing_id, reply)
    leave_by_staff(connection, SECRET, ADDRESS, world.lists, "文灵来电", STAFF, NOW)


def _fill_returned(connection: Connection, number: int, reply: str) -> None:
    """Mail that came back: an answer that is handed on to staff, a report tied to nothing, one on another's copy."""
    words = {"source": "maildir 7", "subject": "文灵的答复", "first_lines": "我是文灵", "detail": "", "read_at": NOW}
    letters = (
        {"delivery_id": None, "sender": ADDRESS.text.title(), "answer": True, "kind": "other", **words},
        {"delivery_id": number, "sender": "phone@else.example", "answer": True, "kind": "other", **words},
        {
            "delivery_id": None, "sender": "MAILER-DAEMON@relay.example", "answer": False, "kind": "bounce",
            **words, "subject": "undelivered", "first_lines": f"to {ADDRESS.text}", "detail": reply,
        },
    )  # fmt: skip
    for at, letter in enumerate(letters):
        connection.execute(insert(returned_mail).values(sha256=f"{at:064}", **letter))
        raw = f"From: {ADDRESS.text}\n\n文灵".encode()
        about = f"answer {at:064}"
        if letter["answer"]:
            notices.add_notice(connection, about, "文灵", "文灵", ["staff@office.example"], NOW, NOW, raw)
    other = connection.execute(select(delivery.c.id).where(delivery.c.address_key != ADDRESS.key).limit(1)).scalar_one()
    record_event(connection, NewEvent(other, "bounce", False, "full", "", "third", NOW, about=ADDRESS.text))


def _fill_import(connection: Connection, world: World) -> None:
    members = world.lists["members"]
    contact_id = audience.contact_id(connection, ADDRESS.key)
    number = contact_imports.open_import(connection, members, STAFF, "membership", "会员.csv", "0" * 64, NOW)
    was = {
        "was_address": ADDRESS.text, "was_name": "文灵", "was_title": "总监文", "was_organisation": "文灵工作室",
        "was_city": "衢州", "was_level": "市", "was_phone": "0570-5550123", "was_changed_at": NOW,
    }  # fmt: skip
    connection.execute(
        insert(contact_import_row).values(import_id=number, contact_id=contact_id, act="kept", now_position=1, **was)
    )


def _fill_notes(connection: Connection, mailing_id: int, reply: str) -> None:
    add_by_hand(connection, SECRET, ADDRESS.text, f"文灵来电 {ADDRESS.text}", STAFF, NOW)
    connection.execute(
        insert(proof).values(
            issue_slug="2020-07", list_name="members", edition_sha256="0" * 64, issue_status="draft",
            sent_by="某编辑", sent_at=NOW, recipients=1, accepted=0, reply=reply,
        )
    )  # fmt: skip
    connection.execute(insert(pace).values(subject="domain:solo-firm.example", changed_at=NOW, reason=reply))
    connection.execute(insert(pace_use).values(subject="domain:solo-firm.example", window_s=60, slice=1, used=1))
    connection.execute(insert(pace).values(subject="relay:main", changed_at=NOW, reason=reply))


def everything(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield each value of each column of each table as text."""
    for table in metadata.sorted_tables:
        for row in connection.execute(select(table)).mappings():
            for name, value in row.items():
                yield (
                    f"{table.name}.{name}",
                    value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=_shown),
                )


def _shown(value: object) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else repr(value)


def places_of(connection: Connection, words: tuple[str, ...]) -> set[str]:
    """The columns in which one of the words stands."""
    return {place for place, text in everything(connection) if any(word in text for word in words)}


def test_everything_is_handed_out(world: World, person: int) -> None:
    with world.store.write() as connection:
        found = hand_out(connection, SECRET, ADDRESS, STAFF, NOW)
        again = hand_out(connection, SECRET, ADDRESS, STAFF, NOW)
    json.dumps(found)
    assert found["contact"]["name"] == "文灵"
    assert found["contact"]["organisation"] == "文灵工作室"
    assert found["contact"]["attributes"] == {"行业": "文创"}
    assert [(one["list"], one["status"]) for one in found["subscriptions"]] == [("members", "left")]
    assert [one["what"] for one in found["consents"]] == ["joined", "left"]
    (mine,) = found["deliveries"]
    assert mine["delivery"] == person
    assert "unknown" in mine["attempts"][0]["reply"]
    assert len(mine["events"]) == 2
    assert mine["readings"][0]["agent"] == "Mobile 1.0"
    assert len(found["requests"]) == 1
    assert [one["first_lines"] for one in found["returned_mail"]] == ["我是文灵", "我是文灵"]
    assert [(one["file_name"], one["was_phone"]) for one in found["imports"]] == [("会员.csv", "0570-5550123")]
    assert found["suppression"][0]["note"] == f"文灵来电 {ADDRESS.text}"
    assert found["notices"][0]["subject"] == "subject"
    assert [one["act"] for one in again["audit"]] == ["suppress", "leave", "export_person"]


def test_once_erased_no_table_holds_the_address_or_the_name(world: World, person: int) -> None:
    with world.store.write() as connection:
        held = places_of(connection, WORDS)
        erase_person(connection, SECRET, ADDRESS, STAFF, NOW)
    expected = {
        "contact.name",
        "delivery.address",
        "attempt.reply",
        "event.detail",
        "event.source",
        "reading_event.agent",
        "event.about",
        "returned_mail.sender",
        "returned_mail.subject",
        "returned_mail.first_lines",
        "returned_mail.detail",
        "notice.subject",
        "notice.body",
        "notice.attached",
        "contact_import_row.was_name",
        "contact_import_row.was_address",
        "suppression.note",
        "proof.reply",
        "pace.subject",
        "pace.reason",
        "pace_use.subject",
    }
    assert held > expected, "the test would show nothing else"
    with world.store.read() as connection:
        assert places_of(connection, WORDS) == set()
        assert audit.check_trail(connection).whole


def test_figures_add_up_and_the_issue_has_one_copy_an_address_still(world: World, person: int) -> None:
    with world.store.write() as connection:
        record = mailings.last_mailing(connection)
        assert record is not None
        before = summarise_mailing(connection, record)
        assert erase_person(connection, SECRET, ADDRESS, STAFF, NOW).deliveries == 1
        after = summarise_mailing(connection, record)
        row = connection.execute(select(delivery).where(delivery.c.id == person)).one()
    assert (after.planned, after.bounced) == (before.planned, before.bounced)
    assert after.count(DeliveryStatus.ACCEPTED) == before.count(DeliveryStatus.ACCEPTED)
    assert row.address_key == f"{hash_address(SECRET, ADDRESS.key)}@erased.invalid"
    assert row.domain == "erased.invalid"


def test_no_sheet_brings_an_erased_person_back(world: World, person: int) -> None:
    assert person
    with world.store.write() as connection:
        erase_person(connection, SECRET, ADDRESS, STAFF, NOW)
        assert audience.find_suppression(connection, hash_address(SECRET, ADDRESS.key), NOW) is not None
        stopped = {ADDRESS.key: "erased"}
        change = sync_list(connection, world.lists["members"], [PERSON], "test", NOW, suppressed=stopped)
        assert change.kept_out == (PERSON,)
        assert places_of(connection, WORDS) == set()


def test_erased_links_still_answer_and_offer_nothing(world: World, person: int) -> None:
    from mailer.audience.leaving import leave_list, read_membership
    from mailer.audience.preferences import read_preferences

    with world.store.write() as connection:
        erase_person(connection, SECRET, ADDRESS, STAFF, NOW)
        token = sign_token(SECRET, Purpose.UNSUBSCRIBE, person)
        shown = read_membership(connection, SECRET, token)
        assert shown is not None
        assert "erased.invalid" in shown.address
        assert leave_list(connection, SECRET, token, "web", NOW)
        wanted = sign_token(SECRET, Purpose.PREFERENCES, person)
        assert read_preferences(connection, SECRET, wanted, world.lists, world.lists) is None


def test_nobody_is_erased_in_the_middle_of_a_dialogue(world: World) -> None:
    reader = parse_address("reader1@firm1.example")
    mailing_id = world.start_mailing()
    world.claim_all(mailing_id)
    with pytest.raises(StateError, match="on its way"), world.store.write() as connection:
        erase_person(connection, SECRET, reader, STAFF, NOW)
    with world.store.read() as connection:
        assert audience.find_contact(connection, reader.key) is not None


def test_what_waits_for_an_erased_person_is_not_sent(world: World) -> None:
    reader = parse_address("reader1@firm1.example")
    mailing_id = world.start_mailing()
    with world.store.write() as connection:
        erase_person(connection, SECRET, reader, STAFF, NOW)
    assert all("erased" not in one.recipient.address for one in world.claim_all(mailing_id))
    with world.store.read() as connection:
        record = mailings.last_mailing(connection)
        assert record is not None
        assert summarise_mailing(connection, record).count(DeliveryStatus.SUPPRESSED) == 1


def test_erasing_twice_or_a_stranger_is_said(world: World, person: int) -> None:
    assert person
    with world.store.write() as connection:
        erase_person(connection, SECRET, ADDRESS, STAFF, NOW)
    for address in (ADDRESS, parse_address("stranger@else.example")):
        with pytest.raises(NotFoundError), world.store.write() as connection:
            erase_person(connection, SECRET, address, STAFF, NOW)


def test_a_correction_is_made_here_only_where_no_sheet_would_undo_it(world: World) -> None:
    reader = parse_address("reader1@firm1.example")
    with world.store.write() as connection:
        make = (connection, SECRET, reader)
        with pytest.raises(StateError, match="follows its sheet"):
            change_contact(*make, {"name": "新名"}, STAFF, NOW, ["members"])
        with pytest.raises(UsageError):
            change_contact(*make, {}, STAFF, NOW, [])
        change_contact(*make, {"attributes": (("行业", "软件"),)}, STAFF, NOW, ["members"])
        change_contact(*make, {"name": "新名", "organisation": "别处"}, STAFF, NOW, [])
        found = audience.find_contact(connection, reader.key)
    assert found is not None
    assert (found.name, found.organisation, found.attributes) == ("新名", "别处", (("行业", "软件"),))


def test_the_consent_log_tells_all_that_became_of_a_subscription(world: World) -> None:
    (someone, key) = (make_contact("reader1@firm1.example"), "reader1@firm1.example")
    times = [datetime(2026, 1, day, tzinfo=UTC) for day in (1, 2)]
    with world.store.write() as connection:
        sync_list(connection, world.lists["members"], [], "members.csv", times[0])
        sync_list(connection, world.lists["members"], [someone], "members.csv", times[1])
        told = [(one.what.value, one.source, one.at) for one in list_consents(connection, key)]
    assert told == [("joined", "test", NOW), ("dropped", "sheet", times[0]), ("returned", "members.csv", times[1])]
    assert times[1] - times[0] == timedelta(days=1)


def test_what_was_about_somebody_else_stays_so_when_the_name_is_gone(world: World, person: int) -> None:
    """Else a bounce of a copy that went on would count as the reader's from then on."""
    with world.store.write() as connection:
        kept = connection.execute(select(event.c.id).where(event.c.about != "")).scalars().all()
        erase_person(connection, SECRET, ADDRESS, STAFF, NOW)
        assert kept
        assert connection.execute(select(event.c.about).where(event.c.id.in_(kept))).scalars().all() == ["[erased]"]
