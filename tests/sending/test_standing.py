"""How relays and domains stand, read by who only looks on; on both databases."""

from datetime import timedelta

from sqlalchemy import select

from mailer.config import DomainConfig, RelayConfig
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus, Recipient
from mailer.model.history import DeliveryRecord, NextKind
from mailer.model.pace import Pace, parse_limit
from mailer.model.standing import Standing
from mailer.sending.feed import Domains, Gauge, relay_subject
from mailer.sending.next_step import tell_next
from mailer.sending.standing import read_standing
from mailer.store import pace
from mailer.store.database import Store
from mailer.store.schema import pace_use
from tests.world import NOW, World

RELAYS = {
    "main": RelayConfig(host="a.example", limits=("3/15m", "5/1d")),
    "backup": RelayConfig(host="b.example"),
}
DOMAINS = Domains({"tencent": DomainConfig(names=("qq.com", "foxmail.com"), limits=("2/1h",))})


def look(store: Store, remaining: int = 0, later: float = 0.0) -> Standing:
    with store.read() as connection:
        return read_standing(connection, RELAYS, DOMAINS, NOW + timedelta(seconds=later), 1.0, remaining)


def use(store: Store, subject: str, limits: tuple[str, ...], much: int) -> None:
    gauge = Gauge(subject, Pace(), tuple(parse_limit(one) for one in limits), {}, NOW)
    with store.write() as connection:
        pace.add_uses(connection, gauge.uses_of(much))


def test_limits_say_what_they_leave_and_nothing_is_said_of_what_has_none(store: Store) -> None:
    main, backup = look(store).relays
    assert [(str(one.limit), one.left) for one in main.limits] == [("3/15m", 3), ("5/1d", 5)]
    assert (main.waits, backup.waits, backup.limits) == (False, False, ())
    use(store, relay_subject("main"), RELAYS["main"].limits, 3)
    main = look(store).relays[0]
    assert [one.left for one in main.limits] == [0, 2]
    assert main.used_up is main.limits[0]
    quarter = (main.limits[0].free_at - NOW).total_seconds()
    assert 900 <= quarter <= 900 + 3 * 15, "two slices late at most"
    assert not look(store, later=quarter).relays[0].waits, "and then one is free"


def test_looking_writes_nothing_and_keeps_old_slices(store: Store) -> None:
    use(store, relay_subject("main"), RELAYS["main"].limits, 3)
    with store.read() as connection:
        before = connection.execute(select(pace_use).order_by(*pace_use.primary_key)).all()
    assert look(store, later=10 * 86400).relays[0].limits[0].left == 3
    assert look(store, later=-86400).relays[0].limits[0].left == 0, (
        "a clock that was set back lets nothing more through"
    )
    with store.read() as connection:
        assert connection.execute(select(pace_use).order_by(*pace_use.primary_key)).all() == before


def test_a_look_does_not_wait_for_a_sender_that_writes(store: Store) -> None:
    with store.write() as connection:
        pace.write_pace(connection, relay_subject("main"), Pace(stopped=True, reason="550 no"), NOW)
        assert not look(store).relays[0].stopped, "what is not committed is not seen, and nobody waits"
    assert look(store).relays[0].stopped


def test_what_waits_is_told_by_the_limits_of_relays_together(store: Store) -> None:
    main, backup = look(store, remaining=12).relays
    assert main.wait_s == 2 * 86400
    assert backup.wait_s == 0
    assert look(store, remaining=12).wait_s == 0, "the other takes them all"
    with store.write() as connection:
        pace.write_pace(connection, relay_subject("backup"), Pace(stopped=True, reason="535 no"), NOW)
    assert look(store, remaining=12).wait_s == 2 * 86400
    with store.write() as connection:
        pace.write_pace(connection, relay_subject("main"), Pace(stopped=True), NOW)
    assert look(store, remaining=12).wait_s is None


def test_rests_learnt_caps_and_slowed_domains_are_told(store: Store) -> None:
    until = NOW + timedelta(minutes=20)
    with store.write() as connection:
        pace.write_pace(connection, relay_subject("main"), Pace(held_until=until, reason="421 too fast"), NOW)
        cap = Pace(cap_per_minute=7.0, peak_per_minute=20.0, changed_at=NOW, reason="450 slow down")
        pace.write_pace(connection, "domain:firm.example", cap, NOW)
        pace.write_pace(connection, "domain:other.example", Pace(failures=1), NOW)
    use(store, "domains:tencent", ("2/1h",), 2)
    standing = look(store)
    assert (standing.relays[0].held_until, standing.relays[0].reason) == (until, "421 too fast")
    assert [(one.name, one.waits) for one in standing.domains] == [("firm.example", False), ("tencent", True)]
    (learnt,) = standing.domains[0].limits
    assert (str(learnt.limit), learnt.learnt) == ("7/1m", True)
    assert not look(store, later=86400).domains, "it is forgotten"
    assert look(store, later=1200).relays[0].held_until is None


def test_a_stop_is_lifted_by_a_person_only(world: World) -> None:
    with world.store.write() as connection:
        pace.write_pace(connection, relay_subject("main"), Pace(stopped=True, reason="535 no"), NOW)
    assert look(world.store, later=30 * 86400).relays[0].stopped
    with world.store.write() as connection:
        assert pace.lift_stops(connection) == 1
        assert pace.lift_stops(connection) == 0
    assert not look(world.store).relays[0].waits


def delivery(status: DeliveryStatus = DeliveryStatus.PENDING, due_in: float | None = None) -> DeliveryRecord:
    due = NOW + timedelta(seconds=due_in) if due_in is not None else None
    return DeliveryRecord(
        1, 1, "members", 1, Recipient("a@qq.com"), "qq.com", status, NOW, due, None, "", "", False, "", (), ()
    )  # fmt: skip


def mailing(status: MailingStatus = MailingStatus.RUNNING) -> MailingRecord:
    return MailingRecord(1, "2020-07", status, ("members",), None, NOW, NOW, None, "", "")


def test_the_next_step_of_a_delivery(store: Store) -> None:
    def kind(one: DeliveryRecord, run: MailingStatus = MailingStatus.RUNNING, tiers: object = None) -> NextKind:
        chosen = [["main", "backup"]] if tiers is None else tiers
        assert isinstance(chosen, list)
        return tell_next(one, mailing(run), chosen, look(store), "tencent", NOW).kind

    assert kind(delivery()) is NextKind.TURN
    assert kind(delivery(due_in=60)) is NextKind.TRY
    assert kind(delivery(), MailingStatus.PAUSED) is NextKind.MAILING
    assert kind(delivery(), tiers=[]) is NextKind.NO_RELAY
    assert kind(delivery(DeliveryStatus.SENDING)) is NextKind.WIRE
    assert kind(delivery(DeliveryStatus.REFUSED)) is NextKind.PERSON
    assert kind(delivery(DeliveryStatus.UNCERTAIN)) is NextKind.PERSON
    assert kind(delivery(DeliveryStatus.UNCERTAIN, due_in=60)) is NextKind.RESEND
    assert kind(delivery(DeliveryStatus.ACCEPTED)) is NextKind.NOTHING
    use(store, "domains:tencent", ("2/1h",), 2)
    assert kind(delivery()) is NextKind.DOMAIN
    use(store, relay_subject("main"), RELAYS["main"].limits, 3)
    assert kind(delivery(), tiers=[["main"]]) is NextKind.RELAY
    assert kind(delivery(), tiers=[["main"], ["backup"]]) is NextKind.RELAY, "one without room keeps its copies"
    with store.write() as connection:
        pace.write_pace(connection, relay_subject("main"), Pace(stopped=True), NOW)
    assert kind(delivery(), tiers=[["main"], ["backup"]]) is NextKind.DOMAIN, "one that is stopped does not"
