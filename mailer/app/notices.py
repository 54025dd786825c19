"""Notices to the staff of a house: written with what they tell of, sent beside the mailings."""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from mailer.app.ground import Ground
from mailer.app.people import People
from mailer.app.relays import Relays
from mailer.config import FILE_NAME, read_notice_urls
from mailer.errors import ConfigError, MailerError, StateError
from mailer.i18n import _
from mailer.model.audit import Act, Subject
from mailer.model.notice import NoticeEvent, NoticeRecord, Target, TestedTarget, Tried
from mailer.model.people import Right
from mailer.ops.channels import Channel, read_channels
from mailer.ops.notice_mail import NoticeDesk
from mailer.ops.notices import Notice, trial_words
from mailer.sending.feed import Domains
from mailer.sending.permits import take_permit
from mailer.store import audit, notices
from mailer.store.database import Connection
from mailer.store.notices import AGAIN_AFTER, NoticeCopy

log = logging.getLogger(__name__)

KEPT = timedelta(days=1)  # what staff are to be told is news for so long


class Notices:
    """The notices of a house. No failure to send one is an error of whoever wrote it."""

    def __init__(self, ground: Ground, relays: Relays) -> None:
        self._ground = ground
        self._relays = relays
        self._people = People(ground)
        self._read: tuple[str, tuple[NoticeEvent, ...], tuple[Channel, ...]] = ("", (), ())

    def channels(self) -> tuple[Channel, ...]:
        """Return the channels of the settings, as they are now. Raises ConfigError, which names no address."""
        settings = self._ground.config.notices
        text = read_notice_urls(settings, self._ground.home)
        if (text, settings.events) != self._read[:2]:
            field = "notices.urls_file" if settings.urls_file else "notices.urls_env"
            try:
                self._read = (text, settings.events, read_channels(text, settings.events, field))
            except ConfigError as error:
                error.file = self._ground.home / (settings.urls_file or FILE_NAME)
                raise
        return self._read[2]

    def targets(self) -> list[Target]:
        """Return where notices go: the mailboxes of staff, then the channels. Raises ConfigError."""
        staff = self._ground.config.staff
        found = [Target(one, one, tuple(NoticeEvent)) for one in staff.editors]
        approvers = (NoticeEvent.REMINDER, NoticeEvent.HELD)
        found += [Target(one, one, approvers) for one in staff.approvers if one not in staff.editors]
        return found + [one.target for one in self.channels()]

    def write(self, connection: Connection, notice: Notice, until: datetime | None = None) -> bool:
        """Write a notice, to be sent soon; False when there is one about the same already. until: see KEPT."""
        staff, now = self._ground.config.staff, self._ground.now()
        names = dict.fromkeys((*staff.editors, *(staff.approvers if notice.approvers else ())))
        try:
            names |= dict.fromkeys(one.name for one in self.channels() if notice.event in one.events)
        except ConfigError as error:
            log.error("notices go by mail only: %s", error)
        end = until or now + KEPT
        if not notices.add_notice(connection, notice.about, notice.subject, notice.body, list(names), now, end):
            return False
        log.warning("%s", notice.subject)
        return True

    async def deliver(self) -> None:
        """Send the copies that wait by mail, as far as the relays' limits let it; what fails is tried again later.

        A copy that a relay takes, or refuses for good, is over. A house that is held sends none. Raises nothing but
        StoreError.
        """
        waiting = await asyncio.to_thread(self._waiting, by_mail=True)
        if not waiting:
            return
        try:
            desk = self._make_desk()
        except MailerError as error:
            log.error("notices cannot be sent: %s", error)
            await asyncio.to_thread(self._put_off, waiting, str(error))
            return
        for copy in waiting:
            relay = await asyncio.to_thread(self._take_with_permit, copy)
            if relay is None:
                continue
            attached = await asyncio.to_thread(self._attached, copy) if copy.attaches else None
            tried = await desk.send(copy, relay, attached)
            await asyncio.to_thread(self._note, copy, tried, f"to {copy.target} through {relay}")

    async def post(self) -> None:
        """Post the copies that wait for channels, each channel by itself; what fails is tried again ever later.

        A house that is held posts none. Raises nothing but StoreError.
        """
        waiting = [one for one in await asyncio.to_thread(self._waiting, by_mail=False) if self._is_due(one)]
        if not waiting:
            return
        try:
            channels = {one.name: one for one in await asyncio.to_thread(self.channels)}
        except ConfigError as error:
            log.error("notices cannot be posted: %s", error)
            await asyncio.to_thread(self._put_off, waiting, error.message)
            return
        by_name = groupby(sorted(waiting, key=lambda one: (one.target, one.notice_id)), lambda one: one.target)
        rows = [(channels.get(name), list(copies)) for name, copies in by_name]
        await asyncio.gather(*(self._post_to(channel, copies) for channel, copies in rows))

    async def _post_to(self, channel: Channel | None, copies: Iterable[NoticeCopy]) -> None:
        for copy in copies:
            if not await asyncio.to_thread(self._take, copy):
                continue
            if channel is None:
                tried = Tried("no such channel any more", over=True)
            else:
                tried = await channel.post(copy.subject, copy.body)
            await asyncio.to_thread(self._note, copy, tried, f"to {copy.target}")

    def _is_due(self, copy: NoticeCopy) -> bool:
        """Whether a copy may be tried now: each try waits as long as the copy was old at the last, so it doubles."""
        if copy.tried_at is None:
            return True
        return self._ground.now() - copy.tried_at >= max(AGAIN_AFTER, copy.tried_at - copy.made_at)

    async def test(self, by: str = "") -> list[TestedTarget]:
        """Send a test notice to every target, as a person's act, and return what became of each.

        Raises StateError where there is none, ConfigError, HouseHeldError, and as `People.require` does.
        """
        self._ground.identity.require()
        actor = self._people.require(by, Right.SETTINGS)
        channels, staff, now = self.channels(), self._ground.config.staff, self._ground.now()
        addresses = list(dict.fromkeys((*staff.editors, *staff.approvers)))
        if not channels and not addresses:
            raise StateError(
                _("there is nobody to tell"), cure=_("name mailboxes under [staff], or channels under [notices]")
            )
        subject, body = trial_words()
        mark = f"test {secrets.token_hex(8)}"
        copies = [NoticeCopy(0, mark, one, subject, body, now, None) for one in addresses]
        desk = self._make_desk() if copies else None
        tries = [self._try_mail(desk, one) for one in copies if desk is not None]
        tries += [one.post(subject, body) for one in channels]
        tried = await asyncio.gather(*tries)
        found = [TestedTarget(*one) for one in zip([*addresses, *(one.name for one in channels)], tried, strict=True)]
        with self._ground.store.write() as connection:
            worked = sum(one.tried.worked for one in found)
            audit.record(
                connection, actor, Act.TEST_NOTICES, Subject("house", ""), now, targets=len(found), worked=worked
            )
        return found

    async def _try_mail(self, desk: NoticeDesk, copy: NoticeCopy) -> Tried:
        def permit() -> str | None:
            with self._ground.store.write() as connection:
                return self._take_permit(connection, copy.target)

        relay = await asyncio.to_thread(permit)
        return Tried(_("no relay has room now"), over=False) if relay is None else await desk.send(copy, relay)

    def list(self, limit: int) -> list[NoticeRecord]:
        """Return the newest notices first, with what became of their copies."""
        with self._ground.store.read() as connection:
            return notices.list_notices(connection, limit)

    def _waiting(self, *, by_mail: bool) -> Sequence[NoticeCopy]:
        with self._ground.store.read() as connection:
            found = notices.open_copies(connection, self._ground.now(), by_mail=by_mail)
        # a clone has the other house's notices, which that one sends
        return found if found and self._ground.identity.look() is None else ()

    def _attached(self, copy: NoticeCopy) -> bytes | None:
        with self._ground.store.read() as connection:
            return notices.read_attached(connection, copy.notice_id)

    def _take(self, copy: NoticeCopy) -> bool:
        """Take a copy; False when another clock has it."""
        with self._ground.store.write() as connection:
            return notices.take_copy(connection, copy, self._ground.now())

    def _take_with_permit(self, copy: NoticeCopy) -> str | None:
        """Take a copy and a permit for it; None when another clock has it, or no relay has room now."""
        with self._ground.store.write() as connection:
            if not notices.take_copy(connection, copy, self._ground.now()):
                return None
            relay = self._take_permit(connection, copy.target)
            if relay is None:
                notices.note_copy(connection, copy, "waits: no relay has room", None)
                log.warning("notice %d (%s) waits: no relay has room", copy.notice_id, copy.about)
            return relay

    def _take_permit(self, connection: Connection, address: str) -> str | None:
        config = self._ground.config
        domains, now = Domains(config.domains), self._ground.now()
        return take_permit(connection, config.relays, domains, config.retry.scale, address, now)

    def _put_off(self, copies: Sequence[NoticeCopy], why: str) -> None:
        now = self._ground.now()
        with self._ground.store.write() as connection:
            for copy in copies:
                if notices.take_copy(connection, copy, now):
                    notices.note_copy(connection, copy, why, None)

    def _note(self, copy: NoticeCopy, tried: Tried, way: str) -> None:
        level = logging.INFO if tried.worked else logging.WARNING
        log.log(level, "notice %d (%s) %s: %s", copy.notice_id, copy.about, way, tried.result)
        with self._ground.store.write() as connection:
            notices.note_copy(connection, copy, tried.result, self._ground.now() if tried.over else None)

    def _make_desk(self) -> NoticeDesk:
        config, settings = self._ground.config, self._relays.settings()
        relays = {name: (one.config, one.credentials) for name, one in settings.relays.items()}
        return NoticeDesk(config.sender, config.zone, relays, settings.signers, settings.rules)
