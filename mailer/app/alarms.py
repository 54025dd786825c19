"""What staff are told of without asking: mailings held or finished, relays that fail, much that comes back."""

from collections.abc import Iterable
from datetime import timedelta

from mailer.app.ground import Ground
from mailer.app.notices import KEPT, Notices
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus
from mailer.model.pace import NO_PACE
from mailer.ops.alarms import bounce_step, rests_long
from mailer.ops.notices import (
    Notice,
    bounces_notice,
    finished_notice,
    held_notice,
    resting_notice,
    show_moment,
    stopped_notice,
)
from mailer.publishing.mailing import require_mailing
from mailer.reports.summary import summarise_mailing
from mailer.sending.feed import relay_subject
from mailer.store import figures, mailings, notices, pace

TOLD = (MailingStatus.HELD, MailingStatus.FINISHED)
BOUNCES_COME = timedelta(days=14)  # after a mailing has begun; servers give up after five days


class Alarms:
    """Looks at a house and writes notices of what has happened since, each once. Called at every tick of the clock."""

    def __init__(self, ground: Ground, staff: Notices) -> None:
        self._ground = ground
        self._staff = staff
        self._bounced: dict[int, int] = {}  # as they were when last looked at

    def write_mailings(self) -> None:
        """Write a notice of each mailing that was held or has finished since it was last told of."""
        since = self._ground.now() - KEPT
        with self._ground.store.read() as connection:
            moved = mailings.moved_since(connection, TOLD, since)
            abouts = [f"mailing {record.id} {record.status.value} {at.isoformat()}" for record, at in moved]
            known = notices.notices_about(connection, abouts)
        for (record, _at), about in zip(moved, abouts, strict=True):
            if about in known:
                continue
            made = self._tell_moved(about, record)  # before the transaction: counting a million keeps no writer waiting
            with self._ground.store.write() as connection:
                self._staff.write(connection, made)

    def _tell_moved(self, about: str, record: MailingRecord) -> Notice:
        if record.status is MailingStatus.HELD:
            due = show_moment(record.scheduled_at, self._ground.config.zone) if record.scheduled_at else ""
            return held_notice(about, record, due)
        with self._ground.store.read() as connection:
            return finished_notice(about, summarise_mailing(connection, record))

    def write_relays(self) -> None:
        """Write a notice of each relay that has stopped, once a stop, or that rests for long, once a day."""
        config, now = self._ground.config, self._ground.now()
        with self._ground.store.read() as connection:
            paces = pace.read_paces(connection)
        for name in config.relays:
            known = paces.get(relay_subject(name), NO_PACE)
            if known.stopped and known.changed_at is not None:
                about = f"relay {name} stopped {known.changed_at.isoformat()}"
                made = stopped_notice(about, name, known.reason)
            elif rests_long(known, now, config.notices.relay_rest) and known.held_until is not None:
                about = f"relay {name} rests {now.astimezone(config.zone):%Y-%m-%d}"
                made = resting_notice(about, name, show_moment(known.held_until, config.zone), known.reason)
            else:
                continue
            if not self._is_told([about]):
                with self._ground.store.write() as connection:
                    self._staff.write(connection, made)

    def write_bounces(self) -> None:
        """Write a notice of each mailing of which more has come back than should, once a step (`ops.alarms`)."""
        with self._ground.store.read() as connection:
            bounced = figures.bounced_since(connection, self._ground.now() - BOUNCES_COME)
        limits = self._ground.config.notices
        for mailing_id, count in bounced.items():
            if count < limits.bounce_least or self._bounced.get(mailing_id) == count:
                continue  # while no more come, the rate can only fall
            with self._ground.store.read() as connection:
                statuses = figures.count_statuses(connection, mailing_id)
                record = require_mailing(connection, str(mailing_id))
            accepted = sum(one.get(DeliveryStatus.ACCEPTED, 0) for one in statuses.values())
            step = bounce_step(accepted, count, limits.bounce_rate, limits.bounce_least)
            abouts = [_about_bounces(mailing_id, one) for one in range(step, step + 16)]  # or of a higher one before
            if step and not self._is_told(abouts):
                with self._ground.store.write() as connection:
                    self._staff.write(connection, bounces_notice(abouts[0], record, accepted, count))
            self._bounced[mailing_id] = count

    def _is_told(self, abouts: Iterable[str]) -> bool:
        with self._ground.store.read() as connection:
            return bool(notices.notices_about(connection, list(abouts)))


def _about_bounces(mailing_id: int, step: int) -> str:
    return f"mailing {mailing_id} bounces {step}"
