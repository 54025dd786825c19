"""A report is tied to its delivery by what only we could have made, and counts once."""

from sqlalchemy import select

from mailer.model.outcome import Action, Meaning, ReplyClass
from mailer.model.report import Report, ReportedRecipient, ReportKind
from mailer.store import audience, deliveries
from mailer.store.plans import ORDINALS
from mailer.store.schema import event
from mailer.tokens import HouseSecret, Purpose, hash_address, sign_token
from mailer.tracking.record import Found, record_report
from tests.world import NOW, SECRET, World

GONE = Meaning(ReplyClass.GONE, Action.SUPPRESS, permanent=True)
FULL = Meaning(ReplyClass.FULL, Action.SUPPRESS_AFTER, permanent=False, after_issues=3)


def claimed(world: World) -> int:
    mailing_id = world.start_mailing()
    world.claim_all(mailing_id)
    return mailing_id * ORDINALS + 3


def bounce(
    address: str, meaning: Meaning = GONE, token: str = "", envelope_id: str = "", message_id: str = ""
) -> Report:
    recipient = ReportedRecipient(address, "5.1.1", "no such user", meaning)
    return Report(ReportKind.BOUNCE, (recipient,), token, envelope_id, message_id)


def test_a_token_of_ours_ties_a_bounce_to_its_delivery_once(world: World) -> None:
    number = claimed(world)
    token = sign_token(SECRET, Purpose.BOUNCE, number)
    with world.store.write() as connection:
        delivery = deliveries.find_delivery(connection, number, SECRET)
        assert delivery is not None
        address = delivery.recipient.address
        for by in ({"token": token}, {"envelope_id": token}, {"message_id": delivery.message_id}):
            found = record_report(connection, SECRET, bounce(address, GONE, **by), Found("a.eml", f"sha of {by}"), NOW)
            assert found.delivery_id == number
            assert found.recorded
        again = record_report(connection, SECRET, bounce(address, token=token), Found("b.eml", f"sha of {by}"), NOW)
        assert not again.recorded, "the same mail, read twice"
        assert audience.suppressed_among(connection, [hash_address(SECRET, address)])


def test_a_forged_token_or_a_mail_we_never_sent_changes_nothing(world: World) -> None:
    number = claimed(world)
    stranger = HouseSecret(1, {1: b"a stranger's" * 3})
    forged = sign_token(stranger, Purpose.BOUNCE, number)
    wrong_purpose = sign_token(SECRET, Purpose.UNSUBSCRIBE, number)
    with world.store.write() as connection:
        for by in ({"token": forged}, {"token": wrong_purpose}, {"message_id": "<x@zsia.example>"}, {}):
            found = record_report(
                connection, SECRET, bounce("reader1@firm1.example", GONE, **by), Found("a.eml", "sha"), NOW
            )
            assert (found.delivery_id, found.recorded, found.suppressed) == (None, False, False)


def test_a_full_mailbox_is_recorded_but_not_suppressed(world: World) -> None:
    number = claimed(world)
    token = sign_token(SECRET, Purpose.BOUNCE, number)
    with world.store.write() as connection:
        delivery = deliveries.find_delivery(connection, number, SECRET)
        assert delivery is not None
        report = bounce(delivery.recipient.address, FULL, token=token)
        found = record_report(connection, SECRET, report, Found("a.eml", "sha"), NOW)
        assert (found.recorded, found.suppressed) == (True, False)


def test_what_was_not_understood_is_no_event(world: World) -> None:
    number = claimed(world)
    other = Report(ReportKind.OTHER, (), token=sign_token(SECRET, Purpose.BOUNCE, number))
    with world.store.write() as connection:
        found = record_report(connection, SECRET, other, Found("a.eml", "sha"), NOW)
    assert (found.delivery_id, found.recorded) == (number, False)


def test_a_report_of_several_kinds_is_recorded_by_the_kind_of_our_reader(world: World) -> None:
    number = claimed(world)
    token = sign_token(SECRET, Purpose.BOUNCE, number)
    with world.store.write() as connection:
        delivery = deliveries.find_delivery(connection, number, SECRET)
        assert delivery is not None
        ours = ReportedRecipient(delivery.recipient.address, "2.0.0", "ok", GONE, ReportKind.DELIVERED)
        others = [
            ReportedRecipient(f"{name}@x.example", "5.1.1", "no such user", GONE, kind)
            for name, kind in (("a", ReportKind.BOUNCE), ("b", ReportKind.DELAYED))
        ]
        mixed = Report(ReportKind.BOUNCE, (*others, ours), token)
        found = record_report(connection, SECRET, mixed, Found("a.eml", "sha"), NOW)
        assert (found.delivery_id, found.recorded, found.suppressed, found.about) == (number, True, False, "")
        assert connection.execute(select(event.c.kind, event.c.hard)).all() == [("delivered", False)]
        forwarded = record_report(
            connection, SECRET, Report(ReportKind.BOUNCE, tuple(others), token), Found("b.eml", "2"), NOW
        )
        assert forwarded.about == "a@x.example", "the only one of the gravest kind"
        assert not forwarded.suppressed
