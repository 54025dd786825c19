"""Sessions: a token of 256 bits in the browser, of which the house keeps the SHA-256 only."""

import hashlib
import secrets
from datetime import datetime, timedelta

from mailer.config import ConsoleConfig
from mailer.model.access import Session
from mailer.model.audit import Act, Subject
from mailer.model.people import Actor, User
from mailer.store import audit, people
from mailer.store import sessions as stored
from mailer.store.database import Connection
from mailer.store.sessions import KeptSession
from mailer.tokens import HouseSecret, make_csrf

SEEN_EVERY = timedelta(minutes=1)  # how exactly it is kept when a session was used last
LONGEST_AGENT = 200
LONGEST_NETWORK = 43


def clean_agent(agent: str) -> str:
    """Return a browser's own words as they are kept: on one line, cut."""
    return "".join(one for one in agent if one.isprintable())[:LONGEST_AGENT]


def clean_network(network: str) -> str:
    """Return a network as it is kept."""
    return "".join(one for one in network if one.isprintable())[:LONGEST_NETWORK]


def hash_token(token: str) -> str:
    """Return what is kept of a session's token."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def start_session(connection: Connection, user: User, network: str, agent: str, now: datetime) -> str:
    """Log a user in; return the token, which is nowhere else."""
    token = secrets.token_urlsafe(32)
    stored.add_session(connection, hash_token(token), user.id, network, agent, now)
    return token


def find_session(
    connection: Connection, secret: HouseSecret, token: str, settings: ConsoleConfig, now: datetime
) -> Session | None:
    """Return the session of a token; None where it ended, is too old, or its user is disabled. Writes nothing."""
    kept = stored.find_session(connection, hash_token(token))
    if kept is None or not is_fresh(kept, settings, now):
        return None
    user = people.read_user(connection, kept.user_id)
    if user is None or user.disabled_at is not None:
        return None
    return describe(kept, user, settings, make_csrf(secret, token))


def is_fresh(kept: KeptSession, settings: ConsoleConfig, now: datetime) -> bool:
    """Return whether a session is neither too old nor unused for too long."""
    return now < kept.created_at + settings.longest and now < kept.last_seen_at + settings.idle


def describe(kept: KeptSession, user: User, settings: ConsoleConfig, csrf: str = "") -> Session:
    """Return a session as pages show it."""
    ends_at = min(kept.created_at + settings.longest, kept.last_seen_at + settings.idle)
    return Session(kept.id, user, csrf, kept.created_at, kept.last_seen_at, ends_at, kept.network, kept.agent)


def end_sessions(connection: Connection, user: User, actor: Actor, now: datetime) -> int:
    """Log a user out everywhere; return of how many browsers."""
    ended = stored.end_sessions(connection, user.id, now)
    audit.record(connection, actor, Act.END_SESSIONS, Subject("user", str(user.id)), now, ended=ended)
    return ended
