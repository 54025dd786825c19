"""Faults of facts/faults.md in the middle of a run over three pipelining connections: what becomes of forty readers."""

import functools
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select

from mailer.mail.dialogue import Patience
from mailer.model.delivery import DeliveryStatus, MailingStatus
from mailer.store.database import Store
from mailer.store.schema import attempt, delivery, suppression
from tests.pipelining_relay import EVERY, OFFERS, PipeliningRelay
from tests.sending.house import deliver, figures, make_world, readers, record_of, settings_of

COUNT = 40
R1, R5, R12 = "reader1@firm1.example", "reader5@firm5.example", "reader12@firm12.example"
GBK = "该用户不存在".encode("gbk").decode("ascii", "surrogateescape")


def at(point: str, *numbers: int, say: str) -> dict[tuple[str, int], str]:
    return {(point, number): say for number in numbers}


@dataclass(frozen=True)
class Case:
    """A fault: what the relay plays, who may have got it twice, who is not accepted in the end and why."""

    name: str
    plays: dict[tuple[str, int], str] = field(default_factory=dict)
    rcpt: dict[str, tuple[str, ...]] = field(default_factory=dict)
    dot: dict[str, tuple[str, ...]] = field(default_factory=dict)
    offers: tuple[str, ...] = OFFERS
    per_connection: int = 0
    last_words: str = ""
    one_at_a_time: bool = False
    twice: int = 0
    refused: dict[str, str] = field(default_factory=dict)
    timeout: str = "5m"


CASES = [
    Case("nothing"),
    Case("f01_dropped_before_the_banner", at("BANNER", 5, 6, say="DROP"), per_connection=3),
    Case("f02_banner_421", at("BANNER", 5, 6, say="421 4.3.2 later"), per_connection=3),
    Case("f04_banner_never", at("BANNER", 5, 6, say="NEVER"), per_connection=4, timeout="1s"),
    Case("f12_mail_451", at("MAIL", 9, 20, say="451 4.3.0 local error")),
    Case("f12_mail_452", at("MAIL", 9, say="452 4.3.1 disk full")),
    Case("f14_rcpt_450", at("RCPT", 1, 9, 10, 20, say="450 4.2.0 busy")),
    Case("f14_greylist", rcpt=dict.fromkeys(readers(COUNT), ("451 4.7.1 greylisted",))),
    Case("f15_rcpt_550", rcpt={R5: ("550 5.1.1 no such user",)}, refused={R5: "gone"}),
    Case("f15_rcpt_550_but_data_354", {("DATA", 1): "354 go"}, {R1: ("550 5.1.1 no such user",)}, refused={R1: "gone"}),
    Case("f16_rcpt_552", rcpt={R5: ("552 5.2.2 mailbox full",)}),
    Case("f17_rcpt_452", at("RCPT", 7, 8, 20, say="452 4.5.3 too many recipients")),
    Case("f18_rcpt_421", at("RCPT", 7, 8, 20, say="421 4.3.2 closing")),
    Case("f18_rcpt_drop", at("RCPT", 7, 8, 20, say="DROP")),
    Case("f19_550_with_4xx", rcpt={R5: ("550 4.2.2 over quota",), R12: ("450 5.1.1 who?",)}),
    Case("f20_rate", rcpt={R5: ("550 Domain frequency limited",), R12: ("450 4.7.28 too fast",)}),
    Case("f21_gbk", rcpt={R5: (f"550 {GBK}",)}, dot={R12: (f"250 {GBK}",)}, refused={R5: "gone"}),
    Case("f22_no_reply_at_all", {("RCPT", 7): "999 what", ("RCPT", 15): "", ("RCPT", 20): "550 " + "x" * 20000}),
    Case("f23_252", at("RCPT", EVERY, say="252 cannot verify")),
    Case("f24_data_451", at("DATA", 7, 8, 20, say="451 4.3.0 not now")),
    Case("f24_data_503", at("DATA", 20, say="503 5.5.1 bad sequence")),
    Case("f25_mid_data_drop", at("BODY", 7, 8, 20, say="DROP")),
    Case("f27_dot_drop_accepted", at("DOT", 7, 8, 20, say="TAKE DROP"), twice=3),
    Case("f27_dot_never_accepted", at("DOT", 7, 20, say="TAKE NEVER"), twice=2),
    Case("f28_dot_drop_rejected", at("DOT", 7, 8, 20, say="DROP")),
    Case("f28_dot_never_rejected", at("DOT", 7, 20, say="NEVER")),
    Case("f29_dot_451", at("DOT", 7, 8, 20, say="451 4.3.0 later")),
    Case("f29_dot_554", dot={R5: ("554 DT:SPM spam",)}, refused={R5: "content"}),
    Case("f31_250_then_421", at("AFTER", 1, 7, 8, 20, say="421 4.3.2 bye")),
    Case("f32_closes_after_3_with_421", per_connection=3, last_words="421 4.3.2 enough"),
    Case("f32_closes_after_3_in_silence", per_connection=3),
    Case("f32_drops_after_each", per_connection=1),
    Case("f34_quit_drop", at("QUIT", EVERY, say="DROP")),
    Case("f35_pipelining_close", one_at_a_time=True),
    Case("f35_no_pipelining", offers=("SIZE 100000",)),
    Case("f36_slow_bytes", at("RCPT", 7, 8, say="DRIP"), timeout="1s"),
]


# the dialogue is the same on both databases, so most of it is played on one
ON_BOTH = ("f14_greylist", "f15_rcpt_550", "f18_rcpt_421", "f25_mid_data_drop", "f27_dot_drop_accepted", "f29_dot_451")
PLAYED = [(one, "sqlite") for one in CASES] + [(one, "postgresql") for one in CASES if one.name in ON_BOTH]


@pytest.mark.parametrize(
    ("case", "store"), PLAYED, ids=[f"{one.name}-{where}" for one, where in PLAYED], indirect=["store"]
)
async def test_a_fault_in_a_run_loses_nobody_and_doubles_only_what_is_in_doubt(
    case: Case, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mailer.mail.smtp.Patience", functools.partial(Patience, dot_s=0.5))
    world = make_world(store, *readers(COUNT))
    mailing_id = world.start_mailing()
    relay = PipeliningRelay(
        plays=case.plays,
        rcpt={address: list(replies) for address, replies in case.rcpt.items()},
        dot={address: list(replies) for address, replies in case.dot.items()},
        offers=case.offers,
        messages_per_connection=case.per_connection,
        last_words=case.last_words,
        no_more_than_one=case.one_at_a_time,
    )
    async with relay:
        settings = settings_of(world, {"main": (relay, {"timeout": case.timeout})}, scale=0.0003)
        await deliver(settings, world, mailing_id)
    expected = {DeliveryStatus.ACCEPTED: COUNT - len(case.refused)}
    if case.refused:
        expected[DeliveryStatus.REFUSED] = len(case.refused)
    assert record_of(world, mailing_id).status is MailingStatus.FINISHED
    assert figures(world, mailing_id) == expected
    copies = relay.copies()
    assert set(copies) == set(readers(COUNT)) - set(case.refused), "nobody is lost"
    assert copies.total() - len(copies) == case.twice, "twice only what was in doubt"
    assert all(len(tries) == 1 for tries in relay.message_ids().values()), "always the same Message-ID and Date"
    with store.read() as connection:
        refused = connection.execute(select(delivery).where(delivery.c.status == "refused")).all()
        assert {one.address: one.reply_class for one in refused} == case.refused
        suppressed = connection.execute(select(suppression)).all()
        assert len(suppressed) == sum(reason == "gone" for reason in case.refused.values())
        still_open = select(attempt.c.delivery_id).where(attempt.c.ended_at.is_(None))
        assert connection.execute(still_open).all() == []
