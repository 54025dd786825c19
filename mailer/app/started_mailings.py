"""Mailings of a house, started: looked at once more, their audience counted and frozen, or held."""

import logging
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from mailer.app.planned_mailings import PlannedMailings
from mailer.errors import MailerError, StateError, StoreError
from mailer.i18n import _
from mailer.model.approval import ApprovalRecord, AudienceChange, compare_audience
from mailer.model.audit import Act
from mailer.model.delivery import MailingRecord, MailingStatus
from mailer.model.people import PROGRAM, Actor
from mailer.ops.notices import show_moment
from mailer.publishing import mailing as publishing
from mailer.publishing.mailing import require_mailing
from mailer.sending.plan import plan_mailing
from mailer.store import audit, mailings
from mailer.store.approvals import load_approval, standing_approval
from mailer.store.database import Connection
from mailer.store.issues import find_issue

log = logging.getLogger(__name__)

STARTABLE = (MailingStatus.SCHEDULED, MailingStatus.HELD)
ONE_OFF_GRACE = timedelta(hours=2)  # as for schedules unless they say otherwise


class StartedMailings(PlannedMailings):
    """The mailings of a house: how they begin, when their time has come or by a person's word."""

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
        counts = self._count_audience(record, renew=renew) if not reason else {}
        now = self._ground.now()
        with self._ground.store.write() as connection:
            if not reason and (renew or mailings.mailing_approval(connection, mailing_id) is None):
                self._rebind(connection, record)
            if not reason:
                reason, why = self._why_drifted(connection, record, counts), "audience"
            if reason:
                mailings.hold_before_start(connection, mailing_id, now, reason, why, among)
            elif mailings.move_mailing(
                connection, mailing_id, MailingStatus.RUNNING, now, only_from=(record.status,), on_record=False
            ):
                self._plan(connection, mailing_id, by, now)
            return require_mailing(connection, str(mailing_id))

    def hold_late(self, connection: Connection, mailing_id: int, due_at: datetime) -> None:
        """Hold a mailing whose time was missed: a person says whether it still goes out."""
        now = self._ground.now()
        when = show_moment(due_at, self._ground.config.zone)
        reason = _("its time was missed: it was due {when}").format(when=when)
        mailings.move_mailing(connection, mailing_id, MailingStatus.HELD, now, reason, only_from=STARTABLE, why="late")

    def audience_changes(self, mailing_id: int) -> tuple[AudienceChange, ...]:
        """Return the lists of a mailing that had another number of readers when it was last to start than approved."""
        with self._ground.store.read() as connection:
            audience = mailings.read_audience(connection, mailing_id)
        return compare_audience(audience.approved, audience.counted)

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

    def _count_audience(self, record: MailingRecord, *, renew: bool) -> dict[str, int]:
        """Count the readers of a mailing's lists as its approval did: lists not approved take none from them."""
        with self._ground.store.read() as connection:
            known = None if renew else mailings.mailing_approval(connection, record.id)
            approved = self._standing(connection, record) if known is None else load_approval(connection, known)
        counts = self._lists.count_recipients(list(approved.editions))
        return {name: count for name, count in counts.items() if name in record.lists}

    def _why_drifted(self, connection: Connection, record: MailingRecord, counts: Mapping[str, int]) -> str:
        """Note how many readers the lists have now; return why a mailing is held for that, else nothing."""
        mailings.note_counts(connection, record.id, counts)
        limit = self._ground.config.approval.audience_drift
        changes, over = publishing.find_drift(connection, record.id, counts, limit)
        if not over:
            return ""
        told = _(", ").join(
            _("{list}: {before}, now {after}").format(list=one.list_name, before=one.approved, after=one.counted)
            for one in changes
        )
        line = _("lists changed by more than {limit} since the approval ({lists}); who lets it go on accepts that")
        return line.format(limit=f"{limit:.0%}", lists=told)

    def _standing(self, connection: Connection, record: MailingRecord) -> ApprovalRecord:
        found = find_issue(connection, record.issue_slug)
        approval = standing_approval(connection, found.id) if found is not None else None
        if approval is None:
            raise StateError(
                _("issue {slug} is not approved").format(slug=record.issue_slug), cure=_("approve the issue again")
            )
        return approval

    def _rebind(self, connection: Connection, record: MailingRecord) -> None:
        approval = self._standing(connection, record)
        publishing.rebind_mailing(connection, record, list(self._lists.declare(connection).items()), approval)

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
