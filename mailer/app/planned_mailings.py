"""Mailings of a house, planned: an approved issue, lists, a time and a tempo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailer.app.issues import LoadedIssue
from mailer.app.standing_mailings import StandingMailings
from mailer.errors import NotFoundError, StateError
from mailer.i18n import _
from mailer.model.approval import ApprovalRecord
from mailer.model.delivery import MailingRecord, SendAgain
from mailer.model.issue import Issue
from mailer.model.people import PROGRAM, Actor, Right
from mailer.model.segment import Filters
from mailer.model.tempo import EVEN, Tempo
from mailer.publishing import mailing as publishing
from mailer.publishing.approval import find_approval
from mailer.publishing.mailing import require_mailing
from mailer.publishing.reach import require_corrected
from mailer.store import audience, reach
from mailer.store.database import Connection


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


class PlannedMailings(StandingMailings):
    """The mailings of a house: how they are planned, by a person or by a schedule."""

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
        publishing.require_lists(approval, chosen)
        if loaded.issue.corrects:
            chosen = self._choose_corrected(loaded.issue, chosen)
        self._lists.sync(chosen, dry_run=True)
        right = Right.CORRECT if loaded.issue.corrects else Right.SEND
        filters = self._ground.config.filters_of(lists)
        return MailingPlan(approval, tuple(chosen), right, tempo if tempo is not None else self.tempo, again, filters)

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
