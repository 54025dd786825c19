"""Mailings of a house, and what people do to them on their way."""

from collections.abc import Collection, Sequence
from datetime import datetime

from mailer.app.started_mailings import StartedMailings
from mailer.model.address import parse_address
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus
from mailer.model.people import Right
from mailer.model.retry import SentAgain
from mailer.model.tempo import Tempo
from mailer.publishing import mailing as publishing
from mailer.publishing.mailing import require_mailing
from mailer.publishing.retrying import send_again
from mailer.store import recovery


class Mailings(StartedMailings):
    """The mailings of a house, with the acts of people on them."""

    def pause(self, name: str, by: str = "") -> MailingRecord:
        """Let a running mailing rest. Raises StateError where its state, or the person's rights, do not allow that."""
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.PAUSE, connection)
            record = require_mailing(connection, name)
            publishing.move_mailing(connection, record, MailingStatus.PAUSED, self._ground.now(), by=actor)
            return require_mailing(connection, str(record.id))

    def resume(self, name: str, by: str = "") -> MailingRecord:
        """Go on with a mailing that is paused; one that is held is released.

        Relays that a person had to look at are tried again. One that runs is resumed only for their sake. Raises as
        `pause` does, and HouseHeldError where this house sends nothing.
        """
        self._ground.identity.require()
        record = self.get(name)
        if record.status is MailingStatus.HELD:
            return self.release(str(record.id), by)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.RESUME, connection)
            record = require_mailing(connection, name)
            lifted = self._relays.lift_stops(connection)
            if not (lifted and record.status is MailingStatus.RUNNING):
                publishing.resume_mailing(connection, record, self._ground.now(), actor)
        return self.get(str(record.id))

    def hold(self, name: str, reason: str, by: str = "") -> MailingRecord:
        """Hold a mailing that waits for its time, runs or is paused, until a person releases it.

        Raises StateError where its state or the person's rights do not allow that, UsageError without a reason.
        """
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.HOLD, connection)
            record = require_mailing(connection, name)
            publishing.hold_mailing(connection, record, reason, actor, self._ground.now())
            return require_mailing(connection, str(record.id))

    def release(self, name: str, by: str = "") -> MailingRecord:
        """Let a held mailing go on. Raises StateError for one that is not held.

        One that had begun runs on, and relays that a person had to look at are tried again. One that had not is put
        back to its time where that is still to come, and else is started now. Where the number of readers held it,
        this person accepts the numbers that were told. Raises HouseHeldError where this house sends nothing.
        """
        self._ground.identity.require()
        now = self._ground.now()
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.RELEASE, connection)
            record = require_mailing(connection, name)
            if record.started_at is None:
                limit = self._ground.config.approval.audience_drift
                publishing.accept_audience(connection, record, actor, limit, now)
            goes_on = publishing.release_mailing(connection, record, now, actor)
            if goes_on is MailingStatus.RUNNING:
                self._relays.lift_stops(connection)
        if goes_on is MailingStatus.HELD:
            return self.start(record.id, actor, renew=True)
        return self.get(str(record.id))

    def reschedule(self, name: str, at: datetime | None, tempo: Tempo | None = None, by: str = "") -> MailingRecord:
        """Give a mailing that has not begun another time (None: the one it has) or tempo.

        Of one that has begun only the quiet hours may change. Raises StateError where its state does not allow that.
        """
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.SEND, connection)
            record = require_mailing(connection, name)
            publishing.reschedule_mailing(connection, record, at, tempo, self._ground.now(), actor)
            return require_mailing(connection, str(record.id))

    def cancel(self, name: str, by: str = "") -> MailingRecord:
        """End a mailing at once, then what is pending of it, some at a time. Raises StateError as `pause` does."""
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.CANCEL, connection)
            record = require_mailing(connection, name)
            publishing.cancel_mailing(connection, record, self._ground.now(), actor)
        more = True
        while more:
            with self._ground.store.write() as connection:
                more = publishing.cancel_some(connection, record, self._ground.now())
        return self.get(str(record.id))

    def retry(self, name: str, addresses: Sequence[str], statuses: Collection[DeliveryStatus], by: str) -> SentAgain:
        """Have deliveries of a mailing sent again that ended so, as a person's act: `publishing.retrying` says which.

        addresses: only these; without statuses then whatever they ended as. Raises AddressError besides,
        HouseHeldError where this house sends nothing, and as `pause` does.
        """
        self._ground.identity.require()
        wanted = [parse_address(one) for one in addresses]
        kinds = statuses or (recovery.SENT_AGAIN if wanted else ())
        now = self._ground.now()
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.RETRY, connection)
            record = require_mailing(connection, name)
            again = send_again(connection, record, wanted, kinds, actor, self._ground.secret, now)
            if again.count and again.mailing.status is MailingStatus.RUNNING:
                self._relays.lift_stops(connection)
            return again
