"""Tokens by which other programs act for a user over the API."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from mailer.model.people import Right, User

PREFIX = "jb_"  # by which a token is known for one, also by those who look for leaked secrets


class Scope(StrEnum):
    """What a token may be used for; never more than its user may do."""

    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    ISSUES_READ = "issues:read"
    ISSUES_WRITE = "issues:write"
    MAILINGS_READ = "mailings:read"
    MAILINGS_WRITE = "mailings:write"
    EVENTS_READ = "events:read"
    REPORTS_READ = "reports:read"


# the rights of which a user needs one for what a scope lets a program do; each act asks for its own besides
SCOPE_RIGHTS: dict[Scope, frozenset[Right]] = {
    Scope.CONTACTS_WRITE: frozenset({Right.CONTACTS, Right.SUPPRESS}),
    Scope.ISSUES_WRITE: frozenset({Right.WRITE}),
    Scope.MAILINGS_WRITE: frozenset(
        {Right.SEND, Right.PAUSE, Right.RESUME, Right.HOLD, Right.RELEASE, Right.CANCEL, Right.RETRY}
    ),
}


def scopes_of(rights: Collection[Right]) -> list[Scope]:
    """Return the scopes that are of use to a user with these rights."""
    return [one for one in Scope if one not in SCOPE_RIGHTS or SCOPE_RIGHTS[one] & frozenset(rights)]


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token on record; the token itself is shown once, when it is made, and kept as a hash only."""

    id: int
    user: User
    name: str
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Return whether it works at a time: neither revoked nor over, and its user not disabled."""
        over = self.expires_at is not None and self.expires_at <= now
        return self.revoked_at is None and not over and self.user.disabled_at is None

    def allows(self, scope: Scope) -> bool:
        """Return whether it is good for a scope, by its own and by its user's rights."""
        needed = SCOPE_RIGHTS.get(scope)
        return scope in self.scopes and (needed is None or bool(needed & self.user.rights))


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What stands under the key of a call. status None: it is being answered, or that was cut off."""

    request_sha256: str
    begun_at: datetime
    status: int | None
    media_type: str
    body: bytes = field(repr=False)
