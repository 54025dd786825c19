"""Mailings of a house: planned, started, moved, summarised."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailer.app.ground import Ground
from mailer.app.issues import Issues
from mailer.app.lists import Lists
from mailer.app.relays import Relays
from mailer.errors import MailerError, StateError, StoreError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus, MailingSummary
from mailer.model.retry import SentAgain
from mailer.model.standing import Glance
from mailer.publishing import mailing as publishing
from mailer.publishing.approval import find_approval
from mailer.publishing.mailing import require_mailing
from mailer.publishing.retrying import send_again
from mailer.reports.summary import read_progress, summarise_mailing
from mailer.sending.plan import plan_mailing
from mailer.store import mailings, recovery
from mailer.store.database import Connection
from mailer.store.issues import ApprovalRecord, find_issue, standing_approval

log = logging.getLogger(__name__)

STARTABLE = (MailingStatus.SCHEDULED, MailingStatus.HELD)
ONE_OFF_GRACE = timedelta(hours=2)  # as for schedules unless they say otherwise


@dataclass(frozen=True, slots=True)
class MailingPlan:
    """What a mailing will send, to whom: an approval and list names in sending order."""

    approval: ApprovalRecord
    lists: tuple[str, ...]


class Mailings:
    """The mailings of a house."""

    def __init__(self, ground: Ground, issues: Issues, lists: Lists, relays: Relays) -> None:
        self._ground = ground
        self._issues = issues
        self._lists = lists
        self._relays = relays

    def prepare(self, name: str, lists: Sequence[str] = ()) -> MailingPlan:
        """Look whether an issue can be mailed to lists (none: all). Raises StateError, SheetError, ConfigError."""
        chosen = self._lists.choose(lists)
        self._relays.access(chosen)  # a mailing that could never leave is refused now
        self._lists.sync(chosen, dry_run=True)
        return MailingPlan(self._require_approval(name), tuple(chosen))

    def find_approval(self, name: str) -> ApprovalRecord | StateError:
        """Return the standing approval of an issue as it is now, or the error that says why there is none.

        Raises IssueError, NotFoundError, and StateError while the issue is being changed.
        """
        loaded = self._issues.read(name)
        with self._ground.store.write() as connection:
            return find_approval(connection, loaded.issue, loaded.digest, self._ground.now())

    def write(self, connection: Connection, plan: MailingPlan, at: datetime | None, schedule: str = "") -> int:
        """Write a prepared mailing for a time (None: now); return its number."""
        ids = self._lists.declare(connection)
        wanted = [(one, ids[one]) for one in plan.lists]
        return publishing.schedule_mailing(connection, plan.approval, wanted, at, self._ground.now(), schedule)

    def schedule(self, name: str, lists: Sequence[str] = (), at: datetime | None = None) -> MailingRecord:
        """Plan a mailing of an approved issue for a time (None: now). Raises what `prepare` raises."""
        plan = self.prepare(name, lists)
        with self._ground.store.write() as connection:
            return require_mailing(connection, str(self.write(connection, plan, at)))

    def _require_approval(self, name: str) -> ApprovalRecord:
        found = self.find_approval(name)
        if isinstance(found, StateError):
            raise found
        return found

    def hold(
        self, connection: Connection, issue_id: int, lists: Sequence[str], due_at: datetime, schedule: str, reason: str
    ) -> int:
        """Write a held mailing of an issue that was due and cannot go out; return its number."""
        ids = self._lists.declare(connection)
        wanted = [(one, ids[one]) for one in self._lists.choose(lists)]
        now = self._ground.now()
        return publishing.hold_unapproved(connection, issue_id, wanted, due_at, now, schedule, reason)

    def start(self, mailing_id: int, *, renew: bool = False) -> MailingRecord:
        """Freeze the audience and set a scheduled or held mailing running, or hold it with the reason.

        Held: the content was changed since its approval, the approval was voided, or a sheet cannot be read. One that
        runs, is paused or is over stays as it is. renew: a person has looked, so it goes under the approval that
        stands now, if any, instead of the one it was planned under.
        """
        with self._ground.store.read() as connection:
            record = require_mailing(connection, str(mailing_id))
        if record.status not in STARTABLE:
            return record
        reason = self._why_held(record, renew=renew)
        now = self._ground.now()
        with self._ground.store.write() as connection:
            if reason:
                if not mailings.move_mailing(
                    connection, mailing_id, MailingStatus.HELD, now, reason, only_from=STARTABLE
                ):
                    mailings.note_held(connection, mailing_id, reason)
            elif mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, now, only_from=STARTABLE):
                if renew:
                    self._rebind(connection, record)
                domain = self._ground.config.sender.address.rpartition("@")[2]
                count = plan_mailing(connection, mailing_id, self._ground.secret, domain, now)
                log.info("mailing %d: %d planned, %d reached before", mailing_id, count.planned, count.reached)
                self._relays.lift_stops(connection)
            return require_mailing(connection, str(mailing_id))

    def _rebind(self, connection: Connection, record: MailingRecord) -> None:
        found = find_issue(connection, record.issue_slug)
        approval = standing_approval(connection, found.id) if found is not None else None
        if approval is None:
            raise StateError(
                _("issue {slug} is not approved").format(slug=record.issue_slug), cure=_("approve the issue again")
            )
        publishing.rebind_mailing(connection, record, list(self._lists.declare(connection).items()), approval)

    def _why_held(self, record: MailingRecord, *, renew: bool) -> str:
        """Sync the lists of a mailing that may start and return nothing; else the reason why a person must look."""
        try:
            standing = self._require_approval(record.issue_slug)
            with self._ground.store.read() as connection:
                approval_id = mailings.mailing_approval(connection, record.id)
            if standing.id != approval_id and not renew:
                return _("the issue was approved anew after this mailing was planned")
            self._lists.sync(record.lists)
        except StoreError:
            raise  # a database that is busy just now says nothing about the mailing
        except MailerError as error:
            return str(error)
        return ""

    def start_due(self) -> None:
        """Start every scheduled mailing whose time has come; hold one that is later than ONE_OFF_GRACE.

        One that fails does not keep the others; it is tried again at the next call.
        """
        now = self._ground.now()
        with self._ground.store.read() as connection:
            due = [require_mailing(connection, str(number)) for number in mailings.due_mailings(connection, now)]
        for record in due:
            try:
                planned_for = None if record.schedule else record.scheduled_at
                if planned_for is not None and now - planned_for > ONE_OFF_GRACE:
                    with self._ground.store.write() as connection:
                        self.hold_late(connection, record.id, planned_for)
                else:
                    self.start(record.id)
            except MailerError as error:
                log.error("mailing %d cannot be started: %s", record.id, error)

    def hold_late(self, connection: Connection, mailing_id: int, due_at: datetime) -> None:
        """Hold a mailing whose time was missed: a person says whether it still goes out."""
        now = self._ground.now()
        hours = (now - due_at).total_seconds() / 3600
        reason = _("it was due {hours} hours ago, when no clock ran").format(hours=f"{hours:.1f}")
        mailings.move_mailing(connection, mailing_id, MailingStatus.HELD, now, reason, only_from=STARTABLE)

    def get(self, name: str) -> MailingRecord:
        """Return a mailing by its number or `last`. Raises NotFoundError."""
        with self._ground.store.read() as connection:
            return require_mailing(connection, name)

    def newest(self) -> list[MailingRecord]:
        """Return the newest mailings first."""
        with self._ground.store.read() as connection:
            return mailings.list_mailings(connection)

    def planned(self) -> list[MailingRecord]:
        """Return the mailings that wait for their time, the soonest first."""
        with self._ground.store.read() as connection:
            waiting = mailings.list_mailings(connection, [MailingStatus.SCHEDULED], limit=1000)
        return sorted(waiting, key=lambda one: (one.scheduled_at or one.created_at, one.id))

    def pause(self, name: str) -> MailingRecord:
        """Let a running mailing rest. Raises StateError where its state does not allow that."""
        with self._ground.store.write() as connection:
            record = require_mailing(connection, name)
            publishing.move_mailing(connection, record, MailingStatus.PAUSED, self._ground.now())
            return require_mailing(connection, str(record.id))

    def cancel(self, name: str) -> MailingRecord:
        """End a mailing at once, then what is pending of it, some at a time. Raises StateError as `pause` does."""
        with self._ground.store.write() as connection:
            record = require_mailing(connection, name)
            publishing.cancel_mailing(connection, record, self._ground.now())
        more = True
        while more:
            with self._ground.store.write() as connection:
                more = publishing.cancel_some(connection, record, self._ground.now())
        return self.get(str(record.id))

    def resume(self, name: str) -> MailingRecord:
        """Go on with a mailing; one that was held before its audience was frozen is started.

        Relays that a person had to look at are tried again. One that runs is resumed only for their sake.
        """
        record = self.get(name)
        if record.status is MailingStatus.HELD and record.started_at is None:
            return self.start(record.id, renew=True)
        with self._ground.store.write() as connection:
            lifted = self._relays.lift_stops(connection)
            if not (lifted and record.status is MailingStatus.RUNNING):
                publishing.resume_mailing(connection, record, self._ground.now())
            return require_mailing(connection, str(record.id))

    def retry(self, name: str, addresses: Sequence[str], statuses: Collection[DeliveryStatus], by: str) -> SentAgain:
        """Have deliveries of a mailing sent again that ended so, as a person's act: `publishing.retrying` says which.

        addresses: only these; without statuses then whatever they ended as. Raises AddressError besides.
        """
        wanted = [parse_address(one) for one in addresses]
        kinds = statuses or (recovery.SENT_AGAIN if wanted else ())
        now = self._ground.now()
        with self._ground.store.write() as connection:
            record = require_mailing(connection, name)
            again = send_again(connection, record, wanted, kinds, by, self._ground.secret, now)
            if again.count and again.mailing.status is MailingStatus.RUNNING:
                self._relays.lift_stops(connection)
            return again

    def glance(self, name: str) -> Glance:
        """Return how far a mailing is and how its relays stand: quick, for those who watch it."""
        with self._ground.store.read() as connection:
            progress = read_progress(connection, require_mailing(connection, name))
            lists = progress.mailing.lists
            return Glance(progress, self._relays.read_standing(connection, lists, progress.remaining))

    def summarise(self, name: str) -> MailingSummary:
        """Return the figures of a mailing."""
        with self._ground.store.read() as connection:
            return summarise_mailing(connection, require_mailing(connection, name))
