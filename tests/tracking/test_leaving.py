"""A mail to leave is tied to its reader by a token of ours, and an answer by its sender too."""

from mailer.audience.leaving import leave_by_delivery
from mailer.mail.leaving import LeaveRequest
from mailer.store.plans import ORDINALS
from mailer.tokens import HouseSecret, Purpose, sign_token
from mailer.tracking.leaving import match_leave
from tests.world import NOW, SECRET, World, active_contacts


def claimed(world: World) -> int:
    mailing_id = world.start_mailing()
    world.claim_all(mailing_id)
    return mailing_id * ORDINALS + 3  # reader1@firm1.example


def test_a_token_for_leaving_is_enough_whoever_sends_it(world: World) -> None:
    number = claimed(world)
    token = sign_token(SECRET, Purpose.UNSUBSCRIBE, number)
    with world.store.write() as connection:
        assert match_leave(connection, SECRET, LeaveRequest(token, (), "")) == number
        assert leave_by_delivery(connection, number, "mail", NOW) is True
        assert leave_by_delivery(connection, number, "mail", NOW) is False, "the same mail twice"
        left = {one.address for one in active_contacts(connection, world.lists["members"])}
        assert "reader1@firm1.example" not in left
        assert leave_by_delivery(connection, 99 * ORDINALS, "mail", NOW) is None


def test_a_token_of_another_purpose_or_house_is_nobodys(world: World) -> None:
    number = claimed(world)
    stranger = HouseSecret(1, {1: b"a stranger's" * 3})
    tokens = [sign_token(SECRET, purpose, number) for purpose in Purpose if purpose is not Purpose.UNSUBSCRIBE]
    tokens += [sign_token(stranger, Purpose.UNSUBSCRIBE, number), sign_token(SECRET, Purpose.UNSUBSCRIBE, 99), "x"]
    with world.store.read() as connection:
        for token in tokens:
            assert match_leave(connection, SECRET, LeaveRequest(token, (), "reader1@firm1.example")) is None


def test_an_answer_must_come_from_the_address_the_copy_went_to(world: World) -> None:
    number = claimed(world)
    ours = sign_token(SECRET, Purpose.BOUNCE, number)
    another = sign_token(SECRET, Purpose.BOUNCE, number + 1)
    with world.store.read() as connection:
        for sender in ("reader1@firm1.example", "Reader1@FIRM1.example"):
            assert match_leave(connection, SECRET, LeaveRequest("", ("x", another, ours), sender)) == number
        for sender in ("boss@firm1.example", "", "reader1@firm1.example, x@y.example"):
            assert match_leave(connection, SECRET, LeaveRequest("", (ours,), sender)) is None
        assert match_leave(connection, SECRET, LeaveRequest("", (), "reader1@firm1.example")) is None
