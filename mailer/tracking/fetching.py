"""Reads what is new in a mailbox: from where it was left, once each, and what was understood is set aside."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from mailer.model.report import ReturnedMail
from mailer.store import returned
from mailer.store.database import Store
from mailer.tracking.intake import ArrivedMail
from mailer.tracking.mailbox import Mailbox

log = logging.getLogger(__name__)


def read_new(
    box: Mailbox,
    store: Store,
    take: Callable[[Sequence[ArrivedMail]], Sequence[ReturnedMail]],
    now: datetime,
    look_back: timedelta,
) -> list[ReturnedMail]:
    """Take in the mails above the last UID that was read, a batch at a time, and write down how far that was.

    Where UIDVALIDITY has changed all is read anew, as far as `look_back`; what was recorded then counts no second time.
    A batch is recorded first, then set aside, then passed: what is cut off in between is read once more.
    """
    with store.read() as connection:
        place = returned.read_place(connection, box.name)
    last = 0
    if place is not None:
        known, last = place
        if known != box.uid_validity:
            log.warning("%s has new UIDs; all its mail is read anew", box.name)
            last = 0
    found: list[ReturnedMail] = []
    uids = box.find_after(last, (now - look_back).date())
    for batch in box.fetch(uids):
        arrived = [
            ArrivedMail(one.raw, f"{box.name};UID={one.uid}", own_mailbox=True, whole=one.whole) for one in batch
        ]
        taken = take(arrived)
        box.set_aside([mail.uid for mail, one in zip(batch, taken, strict=True) if one.understood])
        found += taken
        if batch:
            last = max(last, *(one.uid for one in batch))
            _pass(store, box, last, now)
    if uids and uids[-1] > last:  # the last of them went away before they were fetched
        last = uids[-1]
    if place is None or place != (box.uid_validity, last):
        _pass(store, box, last, now)
    return found


def _pass(store: Store, box: Mailbox, last: int, now: datetime) -> None:
    with store.write() as connection:
        returned.note_place(connection, box.name, box.uid_validity, last, now)
