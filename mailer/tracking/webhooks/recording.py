"""Records what a provider's webhook has brought: once, and never under one name with two contents."""

from datetime import datetime, timedelta
from hashlib import sha256

from mailer.model.report import ReturnedMail
from mailer.store.database import Connection
from mailer.store.returned import note_hook
from mailer.tokens import HouseSecret
from mailer.tracking.record import Found, Rules, record_report
from mailer.tracking.webhooks.provider import AHEAD, HookMessage, HookRefusedError


def record_message(
    connection: Connection,
    secret: HouseSecret,
    hook: str,
    message: HookMessage,
    body: bytes,
    window: timedelta,
    now: datetime,
    rules: Rules,
) -> list[ReturnedMail]:
    """Record the reports of a message whose signature was checked; what was brought before changes nothing.

    Raises HookRefusedError for a name that came with another body: a signature that was overheard.
    """
    name = sha256(message.name.encode("utf-8", "replace")).hexdigest()
    news = note_hook(connection, hook, name, sha256(body).hexdigest(), now, window + 2 * AHEAD)
    if news is None:
        raise HookRefusedError("its token has come before, with something else")
    if not news:
        return []
    taken = []
    for number, one in enumerate(message.reports):
        digest = sha256(f"{hook} {name} {number}".encode()).hexdigest()
        found = Found(f"webhook {hook}", digest, happened_at=one.happened_at)
        taken.append(record_report(connection, secret, one.report, found, now, rules))
    return taken
