"""Who may do what: no role has what another has but proofs and contacts, and what no role gives nobody may do."""

import pytest

from mailer.errors import AddressError, NotFoundError, StateError, StoreError, UsageError
from mailer.model.approval import Step
from mailer.model.audit import Act
from mailer.model.people import ROLE_RIGHTS, Actor, Right, User, UserRole, rights_of
from mailer.publishing.people import add_user, change_user, require, require_step, set_enabled
from mailer.store import audit, people
from mailer.store.database import Store
from tests.world import NOW

NAMES = {
    UserRole.ADMIN: "张三",
    UserRole.EDITOR: "李四",
    UserRole.APPROVER: "王五",
    UserRole.SENDER: "赵六",
}
MATRIX = {
    UserRole.EDITOR: "write submit proof contacts",
    UserRole.APPROVER: "approve return proof",
    UserRole.SENDER: "send proof hold release pause resume cancel retry correct suppress contacts test_relays",
    UserRole.ADMIN: "users confirm settings persons test_relays",
}


def staff(store: Store) -> dict[UserRole, User]:
    """Register one user a role."""
    with store.write() as connection:
        return {
            role: add_user(connection, name, [role], "" if role is UserRole.ADMIN else "张三", NOW)
            for role, name in NAMES.items()
        }


def test_each_right_but_three_belongs_to_one_role() -> None:
    assert {role: " ".join(sorted(rights)) for role, rights in ROLE_RIGHTS.items()} == {
        role: " ".join(sorted(rights.split())) for role, rights in MATRIX.items()
    }
    # of all who work on an issue; of those who write it and who send it; of those who send and who set up
    shared = {Right.PROOF, Right.CONTACTS, Right.TEST_RELAYS}
    held = [right for rights in ROLE_RIGHTS.values() for right in rights if right not in shared]
    assert sorted(held) == sorted(set(Right) - shared)
    assert rights_of([]) == frozenset()


@pytest.mark.parametrize("role", UserRole)
def test_a_user_may_do_what_its_role_gives_and_nothing_else(role: UserRole, store: Store) -> None:
    user = staff(store)[role]
    with store.read() as connection:
        for right in Right:
            if right.value in MATRIX[role].split():
                assert require(connection, user.name, right) == Actor(user.name, user.id)
                continue
            with pytest.raises(StateError, match="may not") as caught:
                require(connection, user.name, right)
            holder = next(NAMES[one] for one, rights in MATRIX.items() if right.value in rights.split())
            assert holder in caught.value.cure


def test_while_nobody_is_registered_any_name_is_taken_at_its_word(store: Store) -> None:
    with store.read() as connection:
        assert require(connection, " 主编 ", Right.SEND) == Actor("主编")
        assert require(connection, "", Right.SEND) == Actor("")
        assert require_step(connection, "主编", Step("签发", ("王五",))) == Actor("主编")
        for name in ("a\nb", "x" * 101, "（program）"):
            with pytest.raises(UsageError, match="no name"):
                require(connection, name, Right.SEND)
        with pytest.raises(UsageError, match="who signs off"):
            require_step(connection, "", Step("签发"))


def test_from_the_first_user_on_a_name_is_needed_and_must_be_known(store: Store) -> None:
    staff(store)
    with store.read() as connection:
        with pytest.raises(UsageError, match="say who you are"):
            require(connection, "", Right.SEND)
        with pytest.raises(UsageError, match="主编 is no user"):
            require(connection, "主编", Right.SEND)


def test_the_first_user_is_an_admin_and_only_an_admin_adds_the_next(store: Store) -> None:
    with store.write() as connection:
        with pytest.raises(StateError, match="first user must be an admin"):
            add_user(connection, "李四", [UserRole.EDITOR], "", NOW)
        first = add_user(connection, "Ann Lee", [UserRole.ADMIN, UserRole.EDITOR], "", NOW, email="ann@office.example")
        with pytest.raises(UsageError, match="say who you are"):
            add_user(connection, "李四", [UserRole.EDITOR], "", NOW)
        add_user(connection, "李四", [UserRole.EDITOR], "ann lee", NOW)
        with pytest.raises(StateError, match="may not register"):
            add_user(connection, "王五", [UserRole.ADMIN], "李四", NOW)
        with pytest.raises(StateError, match="already"):
            add_user(connection, "ＡＮＮ  LEE", [UserRole.EDITOR], "Ann Lee", NOW)
        with pytest.raises(UsageError, match="needs a role"):
            add_user(connection, "王五", [], "Ann Lee", NOW)
        with pytest.raises(AddressError):
            add_user(connection, "王五", [UserRole.EDITOR], "Ann Lee", NOW, email="nowhere")
    assert (first.name, first.email, first.roles) == (
        "Ann Lee",
        "ann@office.example",
        frozenset({UserRole.ADMIN, UserRole.EDITOR}),
    )
    with store.read() as connection:
        assert [one.name for one in people.list_users(connection)] == ["Ann Lee", "李四"]


def test_a_disabled_user_may_do_nothing_and_stays_on_record(store: Store) -> None:
    staff(store)
    with store.write() as connection:
        assert set_enabled(connection, "赵六", "张三", NOW, enabled=False).disabled_at == NOW
        with pytest.raises(StateError, match="赵六 is disabled"):
            require(connection, "赵六", Right.SEND)
        with pytest.raises(StateError, match="may not") as caught:
            require(connection, "王五", Right.SEND)
        assert "nobody may yet" in caught.value.cure, "a disabled user is not named as one who may"
        with pytest.raises(StateError, match="is disabled"):
            require_step(connection, "赵六", Step("签发", ("赵六",)))
        set_enabled(connection, "赵六", "张三", NOW, enabled=True)
        assert require(connection, "赵六", Right.SEND).user_id is not None
        with pytest.raises(NotFoundError):
            set_enabled(connection, "无人", "张三", NOW, enabled=False)


def test_the_last_admin_stays_one(store: Store) -> None:
    staff(store)
    with store.write() as connection:
        with pytest.raises(StateError, match="last admin"):
            set_enabled(connection, "张三", "张三", NOW, enabled=False)
        with pytest.raises(StateError, match="last admin"):
            change_user(connection, "张三", "张三", NOW, roles=[UserRole.SENDER])
        change_user(connection, "李四", "张三", NOW, roles=[UserRole.ADMIN])
        set_enabled(connection, "张三", "李四", NOW, enabled=False)
        with pytest.raises(StateError, match="last admin"):
            change_user(connection, "李四", "李四", NOW, roles=[UserRole.EDITOR])


def test_a_change_replaces_roles_and_leaves_the_rest(store: Store) -> None:
    staff(store)
    with store.write() as connection:
        change_user(connection, "李四", "张三", NOW, display_name="李主任", email="li@office.example")
        changed = change_user(connection, "李四", "张三", NOW, roles=[UserRole.APPROVER, UserRole.SENDER])
        assert people.find_user(connection, "李四") == changed
        assert change_user(connection, "李四", "张三", NOW, email="").email == ""
        acts = [(one.act, one.actor.user_id is not None) for one in audit.list_entries(connection, 3)]
    assert (changed.roles, changed.display_name) == (frozenset({UserRole.APPROVER, UserRole.SENDER}), "李主任")
    assert acts == [(Act.CHANGE_USER, True)] * 3


@pytest.mark.parametrize(
    ("by", "may"),
    [
        ((), ["王五"]),
        (("李四",), ["李四"]),
        (("editor", "赵六"), ["李四", "赵六"]),
        (("admin",), ["张三"]),
        (("无人",), []),
    ],
)
def test_a_step_is_given_by_whom_it_names_and_else_by_an_approver(
    by: tuple[str, ...], may: list[str], store: Store
) -> None:
    staff(store)
    allowed = []
    with store.read() as connection:
        for name in NAMES.values():
            try:
                require_step(connection, name, Step("签发", by))
                allowed.append(name)
            except StateError:
                pass
    assert sorted(allowed) == sorted(may)


def test_the_database_refuses_a_name_that_is_taken(store: Store) -> None:
    staff(store)
    with pytest.raises(StoreError), store.write() as connection:
        people.insert_user(connection, "张三", "", "", [UserRole.EDITOR], NOW)
