"""Notices to the staff of a house: written with what they tell of, sent beside the mailings."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from mailer.app.ground import Ground
from mailer.app.relays import Relays
from mailer.errors import MailerError
from mailer.model.delivery import MailingStatus
from mailer.ops.notices import Notice, NoticeDesk, finished_notice, held_notice, show_moment
from mailer.reports.summary import summarise_mailing
from mailer.sending.feed import Domains
from mailer.sending.permits import take_permit
from mailer.store import mailings, notices
from mailer.store.database import Connection
from mailer.store.notices import NoticeCopy

log = logging.getLogger(__name__)

KEPT = timedelta(days=1)  # what staff are to be told is news for so long
TOLD = (MailingStatus.HELD, MailingStatus.FINISHED)


class Notices:
    """The notices of a house. No failure to send one is an error of whoever wrote it."""

    def __init__(self, ground: Ground, relays: Relays) -> None:
        self._ground = ground
        self._relays = relays

    def write(self, connection: Connection, notice: Notice, until: datetime | None = None) -> bool:
        """Write a notice, to be sent soon; False when there is one about the same already. until: see KEPT."""
        staff, now = self._ground.config.staff, self._ground.now()
        addresses = dict.fromkeys((*staff.editors, *(staff.approvers if notice.approvers else ())))
        end = until or now + KEPT
        if not notices.add_notice(connection, notice.about, notice.subject, notice.body, list(addresses), now, end):
            return False
        log.warning("%s", notice.subject)
        return True

    def write_mailings(self) -> None:
        """Write a notice of each mailing that was held or has finished since it was last told of."""
        since = self._ground.now() - KEPT
        with self._ground.store.read() as connection:
            moved = mailings.moved_since(connection, TOLD, since)
            abouts = [_about(record.id, record.status, at) for record, at in moved]
            known = notices.notices_about(connection, abouts)
        for (record, _at), about in zip(moved, abouts, strict=True):
            if about in known:
                continue
            zone = self._ground.config.zone
            with self._ground.store.write() as connection:
                if record.status is MailingStatus.HELD:
                    due = show_moment(record.scheduled_at, zone) if record.scheduled_at else ""
                    self.write(connection, held_notice(about, record, due))
                else:
                    self.write(connection, finished_notice(about, summarise_mailing(connection, record)))

    async def deliver(self) -> None:
        """Send the copies that wait, as far as the relays' limits let it; what fails is tried again later.

        A copy that a relay takes, or refuses for good, is over. Raises nothing but StoreError.
        """
        waiting = await asyncio.to_thread(self._waiting)
        if not waiting:
            return
        try:
            desk = self._make_desk()
        except MailerError as error:
            log.error("notices cannot be sent: %s", error)
            await asyncio.to_thread(self._put_off, waiting, str(error))
            return
        held = await asyncio.to_thread(self._is_held)
        for copy in waiting:
            if copy.attaches and held:
                continue  # a clone must not hand on mail that its original has handed on
            relay = await asyncio.to_thread(self._take, copy)
            if relay is None:
                continue
            attached = await asyncio.to_thread(self._attached, copy) if copy.attaches else None
            tried = await desk.send(copy, relay, attached)
            level = logging.INFO if tried.result.startswith("accepted") else logging.WARNING
            log.log(level, "notice %d (%s) through %s: %s", copy.notice_id, copy.about, relay, tried.result)
            await asyncio.to_thread(self._note, copy, tried.result, self._ground.now() if tried.over else None)

    def _waiting(self) -> list[NoticeCopy]:
        with self._ground.store.read() as connection:
            return notices.open_copies(connection, self._ground.now())

    def _is_held(self) -> bool:
        return self._ground.identity.look() is not None

    def _attached(self, copy: NoticeCopy) -> bytes | None:
        with self._ground.store.read() as connection:
            return notices.read_attached(connection, copy.notice_id)

    def _take(self, copy: NoticeCopy) -> str | None:
        """Take a copy and a permit for it; None when another clock has it, or no relay has room now."""
        config, now = self._ground.config, self._ground.now()
        domains = Domains(config.domains)
        with self._ground.store.write() as connection:
            if not notices.take_copy(connection, copy, now):
                return None
            relay = take_permit(connection, config.relays, domains, config.retry.scale, copy.address, now)
            if relay is None:
                notices.note_copy(connection, copy, "waits: no relay has room", None)
                log.warning("notice %d (%s) waits: no relay has room", copy.notice_id, copy.about)
            return relay

    def _put_off(self, copies: Sequence[NoticeCopy], why: str) -> None:
        now = self._ground.now()
        with self._ground.store.write() as connection:
            for copy in copies:
                if notices.take_copy(connection, copy, now):
                    notices.note_copy(connection, copy, why, None)

    def _note(self, copy: NoticeCopy, result: str, ended_at: datetime | None) -> None:
        with self._ground.store.write() as connection:
            notices.note_copy(connection, copy, result, ended_at)

    def _make_desk(self) -> NoticeDesk:
        config, settings = self._ground.config, self._relays.settings()
        relays = {name: (one.config, one.credentials) for name, one in settings.relays.items()}
        return NoticeDesk(config.sender, config.zone, relays, settings.signers, settings.rules)


def _about(mailing_id: int, status: MailingStatus, at: datetime) -> str:
    return f"mailing {mailing_id} {status.value} {at.isoformat()}"
