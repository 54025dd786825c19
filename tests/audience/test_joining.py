"""Readers join by a link that they confirm; nobody is flooded, and nobody learns who is known."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from mailer.audience.joining import (
    Ask,
    Joined,
    JoinStanding,
    ask_to_join,
    confirm_join,
    join_by_staff,
    read_join,
    read_request,
    require_invitable,
)
from mailer.audience.leaving import leave_by_staff
from mailer.audience.persons import erase_person
from mailer.audience.preferences import read_preferences, set_preferences
from mailer.audience.sync import sync_list
from mailer.config import JoiningConfig
from mailer.errors import NotFoundError, StateError, UsageError
from mailer.model.address import parse_address
from mailer.model.audit import Act
from mailer.model.consent import Basis, ConsentAct, Grounds, JoinState
from mailer.model.delivery import DistributionList
from mailer.model.issue import Role
from mailer.model.people import Actor
from mailer.model.suppression import NO_MORE
from mailer.store import audience, audit
from mailer.store.consents import list_consents
from mailer.store.database import Connection
from mailer.store.schema import join_request
from mailer.tokens import Purpose, hash_address, sign_token
from tests.world import LISTS, NOW, SECRET, World, active_contacts, make_contact

SETTINGS = JoiningConfig(text_version="2026-01", per_network=3, per_domain=5)
STAFF = Actor("经办人")
NEWCOMER = "newcomer@firm9.example"


@pytest.fixture
def lists(world: World) -> dict[str, int]:
    """The lists of the world and one more, which readers join by themselves."""
    with world.store.write() as connection:
        return audience.sync_lists(connection, [*LISTS, DistributionList("friends", "读者", Role.SIDEWAYS)])


def state(found: JoinStanding | None) -> JoinState:
    assert found is not None
    return found.state


def ask(
    connection: Connection, address: str, network: str = "192.0.2.0/24", seconds: float = 0
) -> tuple[int, str] | None:
    wish = Ask(parse_address(address), ("friends",), "web", network)
    return ask_to_join(connection, SECRET, wish, SETTINGS, NOW + timedelta(seconds=seconds))


def test_who_confirms_is_subscribed_with_the_words_agreed_to(world: World, lists: dict[str, int]) -> None:
    with world.store.write() as connection:
        made = ask(connection, NEWCOMER)
        assert made is not None
        assert active_contacts(connection, lists["friends"]) == [], "a wish alone subscribes nobody"
        request = read_request(connection, SECRET, made[1], NOW)
        assert request is not None
        assert request.address == NEWCOMER
        assert state(read_join(connection, SECRET, made[1], lists, NOW)) is JoinState.OFFERED
        assert state(confirm_join(connection, SECRET, made[1], lists, world.later(60))) is JoinState.JOINED
        assert state(confirm_join(connection, SECRET, made[1], lists, world.later(90))) is JoinState.ON, "twice is fine"
        assert [one.address for one in active_contacts(connection, lists["friends"])] == [NEWCOMER]
        (entry,) = list_consents(connection, NEWCOMER)
    assert (entry.what, entry.basis, entry.text_version) == (ConsentAct.CONFIRMED, Basis.OPT_IN, "2026-01")
    assert (entry.list_name, entry.source, entry.at) == ("friends", "web", world.later(60))


def test_a_link_is_good_for_a_time_and_for_this_only(world: World, lists: dict[str, int]) -> None:
    late = NOW + SETTINGS.expires
    with world.store.write() as connection:
        made = ask(connection, NEWCOMER)
        assert made is not None
        number, token = made
        for wrong in (sign_token(SECRET, Purpose.UNSUBSCRIBE, number), token[:-1] + "a", "", "x" * 400):
            assert confirm_join(connection, SECRET, wrong, lists, NOW) is None
        assert confirm_join(connection, SECRET, sign_token(SECRET, Purpose.CONFIRM, number + 1), lists, NOW) is None
        assert read_request(connection, SECRET, token, late) is None
        assert confirm_join(connection, SECRET, token, lists, late) is None
        assert active_contacts(connection, lists["friends"]) == []


def test_a_used_link_tells_how_its_reader_stands_now(world: World, lists: dict[str, int]) -> None:
    hashed = hash_address(SECRET, NEWCOMER)
    with world.store.write() as connection:
        made = ask(connection, NEWCOMER)
        assert made is not None
        token = made[1]

        def states(joinable: dict[str, int]) -> set[JoinState]:
            return {
                state(read_join(connection, SECRET, token, joinable, NOW)),
                state(confirm_join(connection, SECRET, token, joinable, NOW)),
            }

        assert states({}) == {JoinState.CLOSED}
        assert audience.contact_id(connection, NEWCOMER) is None, "nothing was done, nobody was made known"
        assert states(lists) == {JoinState.OFFERED, JoinState.JOINED}
        assert states({}) == states(lists) == {JoinState.ON}
        number = audience.contact_id(connection, NEWCOMER)
        assert number is not None
        audience.end_subscription(connection, number, lists["friends"], "left", NOW, source="test")
        assert states(lists) == {JoinState.LEFT}
        assert states({}) == {JoinState.CLOSED}
        for reason, said in ((NO_MORE, JoinState.NO_MORE), ("complaint", JoinState.STOPPED)):
            audience.suppress_address(connection, hashed, reason, "test", NOW)
            assert states(lists) == {said}
            audience.lift_suppression(connection, hashed, NOW)
        assert active_contacts(connection, lists["friends"]) == [], "a used link brings nobody back"


def test_five_hundred_wishes_for_one_victim_are_one_mail(world: World, lists: dict[str, int]) -> None:
    assert "friends" in lists
    with world.store.write() as connection:
        mails = [ask(connection, NEWCOMER.upper() if n % 2 else NEWCOMER, f"net {n}", n) for n in range(500)]
        assert sum(one is not None for one in mails) == 1
        assert len(connection.execute(select(join_request.c.id)).all()) == 1
        assert ask(connection, NEWCOMER, "another", 25 * 3600) is not None, "the next day there may be one more"


def test_a_network_and_a_domain_have_their_fill(world: World) -> None:
    with world.store.write() as connection:
        mine = [ask(connection, f"a{n}@d{n}.example") for n in range(5)]
        assert [one is not None for one in mine] == [True] * 3 + [False] * 2
        assert ask(connection, "a9@d9.example", seconds=3700) is not None, "an hour later"
        theirs = [ask(connection, f"b{n}@one.example", f"net {n}") for n in range(7)]
        assert [one is not None for one in theirs] == [True] * 5 + [False] * 2


def test_a_known_address_and_an_unknown_one_are_asked_alike(world: World, lists: dict[str, int]) -> None:
    from tests.audience.statements import statements

    assert lists
    said = []
    with world.store.write() as connection:
        for address in ("reader1@firm1.example", NEWCOMER):
            with statements() as heard:
                assert ask(connection, address) is not None
            said.append([one.rstrip("0123456789") for one in heard])  # savepoints are numbered
    assert said[0] == said[1]


def test_a_suppressed_address_gets_no_mail_but_is_answered_alike(world: World) -> None:
    with world.store.write() as connection:
        audience.suppress_address(connection, hash_address(SECRET, NEWCOMER), "complaint", "test", NOW)
        assert ask(connection, NEWCOMER) is None


def test_who_was_erased_may_come_back_by_their_own_link(world: World, lists: dict[str, int]) -> None:
    hashed = hash_address(SECRET, NEWCOMER)
    with world.store.write() as connection:
        audience.suppress_address(connection, hashed, "erased", "", NOW)
        made = ask(connection, NEWCOMER)
        assert made is not None
        assert audience.find_suppression(connection, hashed, NOW) is not None, "not before they confirm"
        confirm_join(connection, SECRET, made[1], lists, NOW)
        assert audience.find_suppression(connection, hashed, NOW) is None


def test_a_confirmed_link_changes_nothing_else_of_a_known_contact(world: World, lists: dict[str, int]) -> None:
    with world.store.write() as connection:
        before = audience.find_contact(connection, "reader1@firm1.example")
        made = ask(connection, "reader1@firm1.example")
        assert made is not None
        confirm_join(connection, SECRET, made[1], lists, NOW)
        assert audience.find_contact(connection, "reader1@firm1.example") == before


def test_staff_take_a_reader_off_for_good_and_it_is_on_record(world: World) -> None:
    address = parse_address("reader1@firm1.example")
    with world.store.write() as connection:
        ended = leave_by_staff(connection, SECRET, address, world.lists, "来电要求退订", STAFF, NOW)
        assert ended == ("members",)
        assert leave_by_staff(connection, SECRET, address, world.lists, "又说一次", STAFF, NOW) == ()
        last = list_consents(connection, address.key)[-1]
        assert (last.what, last.by, last.detail) == (ConsentAct.LEFT, "经办人", "来电要求退订")
        (entry,) = [one for one in audit.list_entries(connection, 9) if one.act == Act.LEAVE]
        assert entry.subject.name == hash_address(SECRET, address.key)
        sheet = [make_contact("reader1@firm1.example")]
        change = sync_list(connection, world.lists["members"], sheet, "test", NOW)
    assert [(one.contact.address, one.reason) for one in change.refused] == [(address.text, "来电要求退订")]
    with world.store.write() as connection:
        with pytest.raises(UsageError):
            leave_by_staff(connection, SECRET, address, world.lists, "  ", STAFF, NOW)
        with pytest.raises(NotFoundError):
            leave_by_staff(connection, SECRET, parse_address(NEWCOMER), world.lists, "因故", STAFF, NOW)


def test_staff_add_to_a_list_without_a_sheet_and_to_one_with_only_who_left_it(
    world: World, lists: dict[str, int]
) -> None:
    grounds = Grounds(Basis.CONSENT, "2026-03-02 来函", "2026-01", STAFF)
    someone, known = make_contact(NEWCOMER), make_contact("reader1@firm1.example")
    with world.store.write() as connection:
        add = (connection, SECRET, someone)
        assert join_by_staff(*add, "friends", lists["friends"], grounds, NOW, follows_file=False) == Joined(news=True)
        assert not join_by_staff(*add, "friends", lists["friends"], grounds, NOW, follows_file=False).news
        with pytest.raises(StateError, match="follows its sheet"):
            join_by_staff(*add, "members", lists["members"], grounds, NOW, follows_file=True)
        leave_by_staff(connection, SECRET, parse_address(known.address), world.lists, "误会", STAFF, NOW)
        assert join_by_staff(
            connection, SECRET, known, "members", lists["members"], grounds, NOW, follows_file=True
        ).news
        whats = [one.what for one in list_consents(connection, known.key)]
        assert whats == [ConsentAct.JOINED, ConsentAct.LEFT, ConsentAct.JOINED]
        audience.suppress_address(connection, hash_address(SECRET, known.key), "gone", "test", NOW)
        with pytest.raises(StateError, match="gets no mail"):
            join_by_staff(connection, SECRET, known, "friends", lists["friends"], grounds, NOW, follows_file=False)


READER = make_contact("reader1@firm1.example")
WORD = Grounds(Basis.CONSENT, "2026-03-02 来函", "2026-01", STAFF)


def want_no_more(connection: Connection, lists: dict[str, int]) -> tuple[str, ...]:
    address = parse_address(READER.address)
    return leave_by_staff(connection, SECRET, address, lists, "不要再寄", STAFF, NOW, everywhere=True)


def stopped(connection: Connection) -> str:
    found = audience.find_suppression(connection, hash_address(SECRET, READER.key), NOW)
    return found.reason if found is not None else ""


def sync(connection: Connection, list_id: int) -> list[str]:
    """Have a sheet name the reader; return why it keeps them out."""
    held = {READER.key: stopped(connection)} if stopped(connection) else {}
    change = sync_list(connection, list_id, [READER], "test", NOW, suppressed=held)
    return [one.sentence for one in change.refused]


def test_who_wants_no_more_mail_is_added_to_no_list_by_any_sheet(world: World, lists: dict[str, int]) -> None:
    with world.store.write() as connection:
        assert want_no_more(connection, lists) == ("members",)
        assert stopped(connection) == NO_MORE
        for name in ("government", "friends"):
            assert sync(connection, lists[name]) == ["gets no mail of ours: the reader wants no more mail"]
        (entry,) = [one for one in audit.list_entries(connection, 9) if one.act == Act.LEAVE]
        assert '"everywhere":true' in entry.details
        with pytest.raises(StateError, match="wants no more mail"):
            require_invitable(connection, SECRET, parse_address(READER.address), lists, SETTINGS, NOW)


def test_who_leaves_one_list_may_be_added_to_another(world: World, lists: dict[str, int]) -> None:
    with world.store.write() as connection:
        address = parse_address(READER.address)
        leave_by_staff(connection, SECRET, address, {"members": lists["members"]}, "来电", STAFF, NOW)
        assert stopped(connection) == ""
        assert sync(connection, lists["government"]) == []


def test_their_word_outlives_what_a_relay_says_of_the_mailbox(world: World, lists: dict[str, int]) -> None:
    hashed = hash_address(SECRET, READER.key)
    with world.store.write() as connection:
        audience.suppress_address(connection, hashed, "gone", "test", NOW)
        want_no_more(connection, lists)
        assert stopped(connection) == NO_MORE
        audience.lift_suppression(connection, hashed, NOW)
        audience.suppress_address(connection, hashed, "complaint", "test", NOW)
        want_no_more(connection, lists)
        assert stopped(connection) == "complaint", "which no consent lifts"


@pytest.mark.parametrize("reason", [NO_MORE, "erased"])
def test_consent_brings_them_back_to_the_list_it_is_for_alone(world: World, lists: dict[str, int], reason: str) -> None:
    join = ("friends", lists["friends"])
    with world.store.write() as connection:
        if reason == NO_MORE:
            want_no_more(connection, lists)
        else:
            erase_person(connection, SECRET, parse_address(READER.address), STAFF, NOW)
        for basis in (Basis.CONTRACT, Basis.DUTY, Basis.PUBLIC):
            grounds = Grounds(basis, "合同", "2026-01", STAFF)
            with pytest.raises(StateError, match="gets no mail") as caught:
                join_by_staff(connection, SECRET, READER, *join, grounds, NOW, follows_file=False)
            assert "consent" in caught.value.cure
        done = join_by_staff(connection, SECRET, READER, *join, WORD, NOW, follows_file=False)
        assert done == Joined(news=True, revived=reason)
        assert [one.address for one in active_contacts(connection, lists["friends"])] == [READER.address]
        (entry, *_rest) = audit.list_entries(connection, 1)
        assert f'"revived":"{reason}"' in entry.details
        assert stopped(connection) == ""
        if reason == "erased":  # kept off a list is not to have been on it: the next sync would fall over the reader
            with pytest.raises(StateError, match="follows its sheet"):
                join_by_staff(connection, SECRET, READER, "members", lists["members"], WORD, NOW, follows_file=True)
        assert len(sync(connection, lists["government"])) == 1, "it has agreed to friends alone"
        assert len(sync(connection, lists["members"])) == 1


def test_their_own_link_brings_back_who_wanted_no_more_mail(world: World, lists: dict[str, int]) -> None:
    with world.store.write() as connection:
        want_no_more(connection, lists)
        made = ask(connection, READER.address)
        assert made is not None
        assert stopped(connection) == NO_MORE, "not before they confirm"
        confirm_join(connection, SECRET, made[1], lists, NOW)
        assert stopped(connection) == ""
        assert len(sync(connection, lists["government"])) == 1


def test_their_own_preferences_bring_back_who_wanted_no_more_mail(world: World, lists: dict[str, int]) -> None:
    token = sign_token(SECRET, Purpose.PREFERENCES, world.start_mailing() * 2**32 + 3)
    with world.store.write() as connection:
        want_no_more(connection, lists)
        set_preferences(connection, SECRET, token, {"friends"}, lists, {"friends"}, "2026-01", NOW)
        assert [one.address for one in active_contacts(connection, lists["friends"])] == [READER.address]
        assert stopped(connection) == ""


def test_staff_are_told_why_nobody_is_asked(world: World, lists: dict[str, int]) -> None:
    address, friends = parse_address(NEWCOMER), {"friends": lists["friends"]}
    with world.store.write() as connection:
        assert require_invitable(connection, SECRET, address, lists, SETTINGS, NOW) == tuple(lists)
        join_by_staff(
            connection, SECRET, make_contact(NEWCOMER), "friends", lists["friends"], WORD, NOW, follows_file=False
        )
        assert require_invitable(connection, SECRET, address, lists, SETTINGS, NOW) == ("government", "members")
        with pytest.raises(StateError, match="is on friends already"):
            require_invitable(connection, SECRET, address, friends, SETTINGS, NOW)
        assert ask(connection, "other@firm9.example") is not None
        other = parse_address("other@firm9.example")
        with pytest.raises(StateError, match="was asked within the last day"):
            require_invitable(connection, SECRET, other, friends, SETTINGS, NOW)
        audience.suppress_address(connection, hash_address(SECRET, "c@firm9.example"), "gone", "test", NOW)
        with pytest.raises(StateError, match="no such mailbox"):
            require_invitable(connection, SECRET, parse_address("c@firm9.example"), friends, SETTINGS, NOW)
        for n in range(SETTINGS.per_domain):
            ask(connection, f"d{n}@firm9.example", f"net {n}")
        with pytest.raises(StateError, match=r"addresses of firm9\.example"):
            require_invitable(connection, SECRET, parse_address("x@firm9.example"), friends, SETTINGS, NOW)


def test_preferences_offer_what_may_be_joined_and_what_one_is_on(world: World, lists: dict[str, int]) -> None:
    number = world.start_mailing() * 2**32 + 3
    token = sign_token(SECRET, Purpose.PREFERENCES, number)
    with world.store.write() as connection:
        shown = read_preferences(connection, SECRET, token, lists, {"friends"})
        assert shown is not None
        assert shown.active == {"members": True, "friends": False}
        with pytest.raises(StateError):
            set_preferences(connection, SECRET, token, {"friends", "government"}, lists, {"friends"}, "2026-01", NOW)
        assert read_preferences(connection, SECRET, token, lists, {"friends"}) == shown, "nothing was changed"
        done = set_preferences(connection, SECRET, token, {"friends"}, lists, {"friends"}, "2026-01", NOW)
        assert done is not None
        assert done.active == {"friends": True}, "a list with a sheet is left, and only the office puts one back"
        whats = [(one.list_name, one.what) for one in list_consents(connection, shown.address)]
        assert sorted(whats[1:]) == [("friends", ConsentAct.CONFIRMED), ("members", ConsentAct.LEFT)]
        wrong = sign_token(SECRET, Purpose.UNSUBSCRIBE, number)
        assert read_preferences(connection, SECRET, wrong, lists, {"friends"}) is None
