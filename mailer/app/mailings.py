"""Mailings of a house: planned, started, moved, summarised."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from mailer.app.ground import Ground
from mailer.app.issues import Issues, LoadedIssue
from mailer.app.lists import Lists
from mailer.app.people import People
from mailer.app.relays import Relays
from mailer.errors import MailerError, NotFoundError, StateError, StoreError
from mailer.i18n import _
from mailer.model.address import parse_address
from mailer.model.approval import ApprovalRecord, AudienceChange, compare_audience
from mailer.model.audit import Act
from mailer.model.delivery import DeliveryStatus, MailingRecord, MailingStatus, MailingSummary, SendAgain
from mailer.model.issue import Issue
from mailer.model.people import PROGRAM, Actor, Right
from mailer.model.retry import SentAgain
from mailer.model.segment import Filters
from mailer.model.standing import Glance
from mailer.model.tempo import EVEN, Tempo
from mailer.publishing import mailing as publishing
from mailer.publishing.approval import find_approval
from mailer.publishing.mailing import require_mailing
from mailer.publishing.reach import require_corrected
from mailer.publishing.retrying import send_again
from mailer.reports.summary import read_progress, summarise_mailing
from mailer.sending.plan import count_recipients, plan_mailing
from mailer.store import audience, audit, mailings, reach, recovery
from mailer.store.approvals import load_approval, standing_approval
from mailer.store.database import Connection
from mailer.store.issues import find_issue

log = logging.getLogger(__name__)

STARTABLE = (MailingStatus.SCHEDULED, MailingStatus.HELD)
ONE_OFF_GRACE = timedelta(hours=2)  # as for schedules unless they say otherwise


@dataclass(frozen=True, slots=True)
class MailingPlan:
    """What a mailing will send, to whom, how: an approval, list names in sending order, and its tempo.

    right: what a person must have to plan it. again: it goes also to those who have the issue. filters: whom of its
    lists, where that is not everybody.
    """

    approval: ApprovalRecord
    lists: tuple[str, ...]
    right: Right = Right.SEND
    tempo: Tempo = EVEN
    again: SendAgain | None = None
    filters: Mapping[str, Filters] = field(default_factory=dict)


class Mailings:
    """The mailings of a house."""

    def __init__(self, ground: Ground, issues: Issues, lists: Lists, relays: Relays) -> None:
        self._ground = ground
        self._issues = issues
        self._lists = lists
        self._relays = relays
        self._people = People(ground)

    @property
    def tempo(self) -> Tempo:
        """How mailings keep time here unless something else is said for one."""
        config = self._ground.config
        return config.tempo.tempo(config.timezone)

    def prepare(
        self, name: str, lists: Sequence[str] = (), tempo: Tempo | None = None, again: SendAgain | None = None
    ) -> MailingPlan:
        """Look whether an issue can be mailed to lists (none: all that it is approved for).

        tempo: None for that of the settings.

        Of a correction only those lists count on which its original was accepted. Raises StateError, SheetError,
        ConfigError; HouseHeldError where this house sends nothing.
        """
        self._ground.identity.require()
        self._relays.access(self._lists.choose(lists))  # a mailing that could never leave is refused now
        loaded = self._issues.read(name)
        approval = self._require_approval(loaded)
        chosen = self._lists.choose(lists or tuple(approval.editions))
        if loaded.issue.corrects:
            chosen = self._choose_corrected(loaded.issue, chosen)
        self._lists.sync(chosen, dry_run=True)
        right = Right.CORRECT if loaded.issue.corrects else Right.SEND
        filters = self._ground.config.filters_of(lists)
        return MailingPlan(approval, tuple(chosen), right, tempo if tempo is not None else self.tempo, again, filters)

    def _choose_corrected(self, issue: Issue, lists: Sequence[str]) -> list[str]:
        with self._ground.store.read() as connection:
            original = require_corrected(connection, issue.corrects)
            accepting = reach.accepting_lists(connection, original.id)
            ids = audience.find_lists(connection, lists)
        chosen = [one for one in lists if ids.get(one) in accepting]
        if not chosen:
            raise StateError(
                _("nobody on these lists has accepted issue {slug}").format(slug=original.slug),
                cure=_("leave --list out: a correction goes to those who have the issue"),
            )
        return chosen

    def find_approval(self, name: str) -> ApprovalRecord | StateError:
        """Return the standing approval of an issue as it is now, or the error that says why there is none.

        Raises IssueError, NotFoundError, and StateError while the issue is being changed.
        """
        loaded = self._issues.read(name)
        with self._ground.store.write() as connection:
            return find_approval(connection, loaded.issue, loaded.content, self._ground.now())

    def write(
        self,
        connection: Connection,
        plan: MailingPlan,
        at: datetime | None,
        schedule: str = "",
        by: Actor = PROGRAM,
    ) -> int:
        """Write a prepared mailing for a time (None: now); return its number."""
        ids = self._lists.declare(connection)
        wanted = [(one, ids[one]) for one in plan.lists]
        return publishing.schedule_mailing(
            connection, plan.approval, wanted, at, self._ground.now(), schedule, by, plan.again, plan.tempo,
            plan.filters,
        )  # fmt: skip

    def schedule(
        self,
        name: str,
        lists: Sequence[str] = (),
        at: datetime | None = None,
        by: str = "",
        *,
        again: SendAgain | None = None,
        tempo: Tempo | None = None,
    ) -> MailingRecord:
        """Plan a mailing of an approved issue for a time (None: now), as a person's act.

        again: it goes also to those who have it; NotFoundError for an address that is on none of the lists. Raises
        what `prepare` raises, and UsageError or StateError where this person may not.
        """
        plan = self.prepare(name, lists, tempo, again)
        self._people.require(by, plan.right)
        if again is not None and again.only:
            self._lists.sync(plan.lists)
        with self._ground.store.write() as connection:
            actor = self._people.require(by, plan.right, connection)
            number = self.write(connection, plan, at, by=actor)
            if again is not None:
                self._require_subscribed(connection, plan, again)
            return require_mailing(connection, str(number))

    def _require_subscribed(self, connection: Connection, plan: MailingPlan, again: SendAgain) -> None:
        for key in sorted(again.only):
            found = audience.find_subscriptions(connection, key) or ()
            if not any(one.status == "active" and one.list_name in plan.lists for one in found):
                raise NotFoundError(
                    _("{address} is on none of the lists of this mailing").format(address=key),
                    field="--to",
                    cure=_("look it up in the sheets; `mailer lists` names them"),
                )

    def _require_approval(self, loaded: LoadedIssue) -> ApprovalRecord:
        with self._ground.store.write() as connection:
            found = find_approval(connection, loaded.issue, loaded.content, self._ground.now())
        if isinstance(found, StateError):
            raise found
        return found

    def write_held(
        self, connection: Connection, issue_id: int, lists: Sequence[str], due_at: datetime, schedule: str, reason: str
    ) -> int:
        """Write a held mailing of an issue that was due and cannot go out; return its number."""
        ids = self._lists.declare(connection)
        wanted = [(one, ids[one]) for one in self._lists.choose(lists)]
        now = self._ground.now()
        return publishing.hold_unapproved(
            connection, issue_id, wanted, due_at, now, schedule, reason, self.tempo,
            self._ground.config.filters_of(lists),
        )  # fmt: skip

    def start(
        self,
        mailing_id: int,
        by: Actor = PROGRAM,
        among: Collection[MailingStatus] = STARTABLE,
        *,
        renew: bool = False,
    ) -> MailingRecord:
        """Freeze the audience and set a scheduled or held mailing running, or hold it with the reason.

        Held: the content was changed since its approval, the approval was voided, a sheet cannot be read, or the
        number of readers is not near what it was when the issue was submitted (`audience_drift`). One that is in none
        of the states of `among` stays as it is, also one that a person moves meanwhile. renew: a person has looked,
        so it goes under the approval that stands now, if any, instead of the one it was planned under. Raises
        HouseHeldError where this house sends nothing.
        """
        self._ground.identity.require()
        with self._ground.store.read() as connection:
            record = require_mailing(connection, str(mailing_id))
        if record.status not in among:
            return record
        reason, why = self._why_held(record, renew=renew), "unready"
        now = self._ground.now()
        with self._ground.store.write() as connection:
            if not reason and (renew or mailings.mailing_approval(connection, mailing_id) is None):
                self._rebind(connection, record)
            if not reason:
                reason, why = self._count_audience(connection, record, now), "audience"
            if reason:
                mailings.move_mailing(
                    connection, mailing_id, MailingStatus.HELD, now, reason, only_from=among, by=by, why=why
                )
                mailings.note_mailing(connection, mailing_id, reason, MailingStatus.HELD)
            elif mailings.move_mailing(
                connection, mailing_id, MailingStatus.RUNNING, now, only_from=(record.status,), on_record=False
            ):
                self._plan(connection, mailing_id, by, now)
            return require_mailing(connection, str(mailing_id))

    def _plan(self, connection: Connection, mailing_id: int, by: Actor, now: datetime) -> None:
        domain = self._ground.config.sender.address.rpartition("@")[2]
        count = plan_mailing(connection, mailing_id, self._ground.secret, domain, now)
        log.info("mailing %d: %d planned, %d reached before", mailing_id, count.planned, count.reached)
        self._relays.lift_stops(connection)
        # only now: a plan of a million takes its time, and whoever writes to the trail waits for who has begun to
        subject, lists = mailings.mailing_subject(mailing_id), mailings.read_audience(connection, mailing_id).counted
        audit.record(
            connection, by, Act.START, subject, now,
            planned=count.planned, suppressed=count.suppressed, reached=count.reached, lists=lists,
        )  # fmt: skip

    def _count_audience(self, connection: Connection, record: MailingRecord, now: datetime) -> str:
        """Count the readers of a mailing's lists as its approval did; return why it is held for them, else nothing."""
        ids = self._lists.declare(connection)
        approval_id = mailings.mailing_approval(connection, record.id)
        assert approval_id is not None, "a mailing without an approval is not started"
        approved = load_approval(connection, approval_id).editions
        names = [name for name in self._lists.choose() if name in approved]  # others take no reader from them
        counts = count_recipients(connection, [ids[name] for name in names], self._ground.secret, now)
        mailings.note_counts(connection, record.id, counts)
        by_name = {name: counts[ids[name]] for name in names if name in record.lists}
        limit = self._ground.config.approval.audience_drift
        changes, over = publishing.find_drift(connection, record.id, by_name, limit)
        if not over:
            return ""
        told = _(", ").join(
            _("{list}: {before}, now {after}").format(list=one.list_name, before=one.approved, after=one.counted)
            for one in changes
        )
        line = _("lists changed by more than {limit} since the approval ({lists}); `mailer resume {id}` accepts it")
        return line.format(limit=f"{limit:.0%}", lists=told, id=record.id)

    def audience_changes(self, mailing_id: int) -> tuple[AudienceChange, ...]:
        """Return the lists of a mailing that had another number of readers when it was last to start than approved."""
        with self._ground.store.read() as connection:
            audience = mailings.read_audience(connection, mailing_id)
        return compare_audience(audience.approved, audience.counted)

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
            loaded = self._issues.read(record.issue_slug)
            standing = self._require_approval(loaded)
            if loaded.issue.corrects:
                self._choose_corrected(loaded.issue, record.lists)
            with self._ground.store.read() as connection:
                approval_id = mailings.mailing_approval(connection, record.id)
            if approval_id is not None and standing.id != approval_id and not renew:
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
                    self.start(record.id, among=(MailingStatus.SCHEDULED,))
                    for change in self.audience_changes(record.id):
                        log.warning(
                            "mailing %d: list %s had %d readers when it was approved, now %d",
                            record.id, change.list_name, change.approved, change.counted,
                        )  # fmt: skip
            except MailerError as error:
                log.error("mailing %d cannot be started: %s", record.id, error)

    def hold_late(self, connection: Connection, mailing_id: int, due_at: datetime) -> None:
        """Hold a mailing whose time was missed: a person says whether it still goes out."""
        now = self._ground.now()
        hours = (now - due_at).total_seconds() / 3600
        reason = _("it was due {hours} hours ago, when no clock ran").format(hours=f"{hours:.1f}")
        mailings.move_mailing(connection, mailing_id, MailingStatus.HELD, now, reason, only_from=STARTABLE, why="late")

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

    def running(self) -> list[MailingRecord]:
        """Return the mailings that are under way or may go on: running, paused, and held in the middle."""
        with self._ground.store.read() as connection:
            found = mailings.list_mailings(
                connection, [MailingStatus.RUNNING, MailingStatus.PAUSED, MailingStatus.HELD]
            )
        return [one for one in reversed(found) if one.started_at is not None]

    def pause(self, name: str, by: str = "") -> MailingRecord:
        """Let a running mailing rest. Raises StateError where its state, or the person's rights, do not allow that."""
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.PAUSE, connection)
            record = require_mailing(connection, name)
            publishing.move_mailing(connection, record, MailingStatus.PAUSED, self._ground.now(), by=actor)
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
