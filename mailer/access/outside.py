"""Logging in by the word of a provider of OpenID Connect: who a subject is, is decided once."""

import logging
from datetime import datetime

from mailer.access.logging_in import REFUSED
from mailer.access.sessions import clean_agent, clean_network, start_session
from mailer.model.access import LogIn, LogInOutcome
from mailer.model.audit import Act, Subject
from mailer.model.people import Actor, User
from mailer.store import audit, credentials, people
from mailer.store.database import Connection

log = logging.getLogger(__name__)

LONGEST = 255  # characters of a subject (OpenID Connect Core 1.0 §2), and of an issuer here


def log_in_outside(
    connection: Connection, issuer: str, subject: str, email: str, network: str, agent: str, now: datetime
) -> LogIn:
    """Let in the user whom a provider calls by a subject; the second factor is the provider's to ask for.

    Who was never there before is bound to the one enabled user with exactly this address (email: empty unless the
    provider says that it is verified), if nobody of this provider is bound to them yet. Addresses at a provider may be
    given to another person later, so after that only the subject counts (OpenID Connect Core 1.0 §5.7).
    """
    if not (0 < len(subject) <= LONGEST and len(issuer) <= LONGEST and subject.isprintable()):
        return REFUSED
    people.lock_users(connection)
    user = credentials.find_outside(connection, issuer, subject) or _bind(connection, issuer, subject, email, now)
    if user is None or user.disabled_at is not None:
        return REFUSED
    token = start_session(connection, user, clean_network(network), clean_agent(agent), now)
    return LogIn(LogInOutcome.DONE, token)


def _bind(connection: Connection, issuer: str, subject: str, email: str, now: datetime) -> User | None:
    found = credentials.users_by_email(connection, email) if email and email.isprintable() else []
    if len(found) != 1:
        log.warning("somebody came from the provider whose address is that of %d users", len(found))
        return None
    (user,) = found
    if credentials.has_outside(connection, issuer, user.id):
        log.warning("the provider has another account with the address of user %d, who is bound to one", user.id)
        return None
    credentials.bind_outside(connection, issuer, subject, user.id, now)
    audit.record(connection, Actor(user.name, user.id), Act.BIND_IDENTITY, Subject("user", str(user.id)), now)
    return user
