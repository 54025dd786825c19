"""Who may do what: users, their roles, and the house that has none yet.

While nobody is registered there are no rights to check: any name is taken at its word. From the first user on every
act by a person needs the name of an enabled user whose roles give the right; what no role gives, nobody may do.
"""

import re
import unicodedata
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from mailer.errors import NotFoundError, RightError, StateError, UsageError
from mailer.i18n import N_, _
from mailer.model.address import parse_address
from mailer.model.approval import Step
from mailer.model.audit import Act, Subject
from mailer.model.people import PROGRAM, Actor, Right, User, UserRole, fold_name
from mailer.store import audit, credentials, people, sessions
from mailer.store.database import Connection

LONGEST_NAME = 100

RIGHT_WORDS: dict[Right, str] = {
    Right.WRITE: N_("write issues"),
    Right.SUBMIT: N_("submit issues"),
    Right.PROOF: N_("mail proofs"),
    Right.APPROVE: N_("approve issues"),
    Right.RETURN: N_("return issues"),
    Right.SEND: N_("send issues"),
    Right.HOLD: N_("hold mailings"),
    Right.RELEASE: N_("release mailings"),
    Right.PAUSE: N_("pause mailings"),
    Right.RESUME: N_("resume mailings"),
    Right.CANCEL: N_("cancel mailings"),
    Right.RETRY: N_("send copies again"),
    Right.CORRECT: N_("send corrections"),
    Right.SUPPRESS: N_("suppress addresses and lift that"),
    Right.CONTACTS: N_("import, change and export contacts"),
    Right.TEST_RELAYS: N_("test relays"),
    Right.USERS: N_("register and change users"),
    Right.CONFIRM: N_("confirm that this house may send"),
    Right.SETTINGS: N_("change settings"),
    Right.PERSONS: N_("hand out or erase what is kept of a person"),
}


def check_name(name: str, longest: int = LONGEST_NAME) -> str:
    """Return a person's name as it is kept: NFKC, blanks single. Raises UsageError for what is no name."""
    kept = re.sub(" +", " ", unicodedata.normalize("NFKC", name)).strip()
    if not kept or "@" in kept or not kept.isprintable() or len(kept) > longest or fold_name(kept) == PROGRAM.name:
        raise UsageError(_("this is no name"), field="--as", cure=_("write a person’s name, on one line"))
    return kept


def require(connection: Connection, name: str, right: Right) -> Actor:
    """Return who acts, with the right to; while nobody is registered any name, also none (then Actor.name is empty).

    Raises UsageError where a name is needed or unknown, RightError for a disabled user or one without the right.
    """
    if not people.any_user(connection):
        return Actor(check_name(name) if name else "")
    user = _require_user(connection, name)
    if right not in user.rights:
        may = [one for one in people.list_users(connection) if right in one.rights]
        raise _refusal(user, _(RIGHT_WORDS[right]), may)
    return Actor(user.name, user.id)


def require_step(connection: Connection, name: str, step: Step) -> Actor:
    """Return who gives a step of approval: one of those the step names, else whoever may approve. Raises as `require`.

    Names count only once users are registered: before that nobody can tell who is who.
    """
    if not step.by or not people.any_user(connection):
        if not name:
            raise UsageError(_("say who signs off"), field="--as", cure=_("--as NAME"))
        return require(connection, name, Right.APPROVE)
    user = _require_user(connection, name)
    if not _is_named(user, step):
        may = [one for one in people.list_users(connection) if one.disabled_at is None and _is_named(one, step)]
        raise _refusal(user, _("give the step {step}").format(step=step.name), may)
    return Actor(user.name, user.id)


def _is_named(user: User, step: Step) -> bool:
    # a word that is a role means the role, also where a user bears it as a name
    roles = {role.value for role in UserRole}
    named = {fold_name(one) for one in step.by if one not in roles}
    return bool(user.roles & {UserRole(one) for one in step.by if one in roles}) or fold_name(user.name) in named


def _require_user(connection: Connection, name: str) -> User:
    if not name:
        raise UsageError(
            _("users are registered here, so say who you are"),
            field="--as",
            cure=_("--as NAME, or set MAILER_AS; `mailer user list` names them"),
        )
    user = people.find_user(connection, name)
    if user is None:
        raise UsageError(
            _("{name} is no user of this newsletter").format(name=check_name(name)),
            field="--as",
            cure=_("`mailer user list` names them; an admin adds one by `mailer user add`"),
        )
    if user.disabled_at is not None:
        raise RightError(
            _("the user {name} is disabled").format(name=user.name), cure=_("an admin may `mailer user enable` it")
        )
    return user


def _refusal(user: User, act: str, may: Collection[User]) -> RightError:
    names = _(", ").join(one.name for one in may)
    return RightError(
        _("{name} ({roles}) may not {act}").format(
            name=user.name, roles=_(", ").join(sorted(role.value for role in user.roles)), act=act
        ),
        cure=_("these may: {names}").format(names=names)
        if names
        else _("nobody may yet: an admin gives a role by `mailer user change NAME --role ROLE`"),
    )


def add_user(
    connection: Connection,
    name: str,
    roles: Collection[UserRole],
    by: str,
    now: datetime,
    *,
    display_name: str = "",
    email: str = "",
) -> User:
    """Register a user; the first one must be an admin, as from then on only an admin registers others.

    Raises UsageError, AddressError, StateError for a name that is taken.
    """
    people.lock_users(connection)
    first = not people.any_user(connection)
    actor = require(connection, by, Right.USERS)
    kept = check_name(name)
    if not roles:
        raise UsageError(_("a user needs a role"), field="--role", cure=", ".join(UserRole))
    if first and UserRole.ADMIN not in roles:
        raise StateError(
            _("the first user must be an admin, or nobody could add the next"),
            cure=_("add --role admin; the same person may have other roles too"),
        )
    if people.find_user(connection, kept) is not None:
        raise StateError(
            _("there is a user {name} already").format(name=kept), cure=_("`mailer user change` changes roles")
        )
    address = parse_address(email).text if email else ""
    number = people.insert_user(connection, kept, display_name, address, roles, now)
    audit.record(connection, actor, Act.ADD_USER, _subject(number), now, roles=sorted(set(roles)))
    return _reload(connection, kept)


def change_user(
    connection: Connection,
    name: str,
    by: str,
    now: datetime,
    *,
    roles: Collection[UserRole] = (),
    display_name: str | None = None,
    email: str | None = None,
) -> User:
    """Give a user other roles, which replace the former ones (none: as they are), another display name or address.

    Raises NotFoundError; StateError for the last enabled admin who would no longer be one.
    """
    people.lock_users(connection)
    actor = require(connection, by, Right.USERS)
    user = find_user(connection, name)
    changed = replace(
        user,
        roles=frozenset(roles) or user.roles,
        display_name=user.display_name if display_name is None else display_name,
        email=user.email if email is None else (parse_address(email).text if email else ""),
    )
    _keep_an_admin(connection, changed)
    if changed != user:
        people.update_user(connection, user.id, changed.display_name, changed.email, changed.roles)
        if changed.email != user.email:  # by which a provider of OpenID Connect was believed
            credentials.unbind_outside(connection, user.id)
        was, roles_now = sorted(user.roles), sorted(changed.roles)
        audit.record(connection, actor, Act.CHANGE_USER, _subject(user.id), now, was=was, roles=roles_now)
    return changed


def set_enabled(connection: Connection, name: str, by: str, now: datetime, *, enabled: bool) -> User:
    """Disable a user, who then may do nothing, or enable one again. Raises as `change_user`."""
    people.lock_users(connection)
    actor = require(connection, by, Right.USERS)
    user = find_user(connection, name)
    if (user.disabled_at is None) is enabled:
        return user
    at = None if enabled else now
    _keep_an_admin(connection, replace(user, disabled_at=at))
    people.set_disabled(connection, user.id, at)
    if not enabled:
        sessions.end_sessions(connection, user.id, now)
    act = Act.ENABLE_USER if enabled else Act.DISABLE_USER
    audit.record(connection, actor, act, _subject(user.id), now)
    return _reload(connection, user.name)


def find_user(connection: Connection, name: str) -> User:
    """Return the user of a name. Raises NotFoundError."""
    user = people.find_user(connection, name)
    if user is None:
        raise NotFoundError(
            _("there is no user {name}").format(name=name[:LONGEST_NAME]), cure=_("`mailer user list` names them")
        )
    return user


def _keep_an_admin(connection: Connection, changed: User) -> None:
    others = [one for one in people.list_users(connection) if one.id != changed.id]
    if not any(Right.USERS in one.rights for one in [changed, *others]):
        raise StateError(
            _("{name} is the last admin; without one nobody could manage users").format(name=changed.name),
            cure=_("make another user an admin first"),
        )


def _subject(user_id: int) -> Subject:
    return Subject("user", str(user_id))


def _reload(connection: Connection, name: str) -> User:
    found = people.find_user(connection, name)
    assert found is not None
    return found
