"""Which house a database belongs to, and which sender works on it."""

from sqlalchemy import Connection, insert, select, text
from sqlalchemy.exc import DBAPIError

from mailer.errors import StoreError
from mailer.i18n import _
from mailer.store.schema import house

SENDER_LOCK = 7461954  # PostgreSQL's number for the one sender of a database


def claim_house(connection: Connection, fingerprint: str) -> None:
    """Write the fingerprint of the house secret at first use; later raise StoreError when it is another's.

    With another secret every suppression would be undone and every link in sent mail dead.
    """
    known = connection.execute(select(house.c.fingerprint)).scalar()
    if known is None:
        connection.execute(insert(house).values(id=1, fingerprint=fingerprint))
    elif known != fingerprint:
        raise StoreError(
            _("the house secret is not the one this database was made with"),
            cure=_("put var/secret.json back from a backup; a new one would undo every suppression and every link"),
        )


def known_fingerprint(connection: Connection) -> str | None:
    """Return the fingerprint of the house secret, or None in a database nobody has used yet."""
    return connection.execute(select(house.c.fingerprint)).scalar()


def try_sender_lock(connection: Connection) -> bool:
    """Take the sender lock of a PostgreSQL database for as long as this connection lives; False when another has it."""
    return bool(connection.execute(text("SELECT pg_try_advisory_lock(:number)"), {"number": SENDER_LOCK}).scalar())


def is_alive(connection: Connection) -> bool:
    """Return False when the server has ended a connection, and with it the lock it held."""
    try:
        connection.execute(text("SELECT 1"))
    except DBAPIError:
        return False
    return True
