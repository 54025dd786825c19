"""Wires the rooms together: a House is one newsletter folder, opened. It decides nothing; the flows do."""

import asyncio
import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from mailer.audience.leaving import Membership, leave_list, read_membership
from mailer.audience.sync import ListChange, sync_list
from mailer.config import Config, RelayConfig, load_config, read_password
from mailer.errors import ConfigError, MailerError, NotFoundError, StateError
from mailer.i18n import _
from mailer.mail.message import compose_message, make_letterhead
from mailer.mail.parts import read_parts
from mailer.mail.reports import parse_report
from mailer.model.delivery import (
    Delivery,
    DistributionList,
    MailingRecord,
    MailingStatus,
    MailingSummary,
    Recipient,
)
from mailer.model.edition import Edition
from mailer.model.issue import ImportRemark, Issue
from mailer.model.report import Finding, ReturnedMail, Severity
from mailer.ops.lock import FolderLock
from mailer.publishing import mailing as publishing_mailing
from mailer.publishing.approval import approve_issue, require_approval
from mailer.publishing.mailing import require_mailing, schedule_mailing
from mailer.reports.summary import summarise_mailing
from mailer.scheduling.clock import Clock
from mailer.scheduling.due import Occurrence, list_occurrences, next_due, schedule_rule
from mailer.scheduling.occurrences import TakenOccurrence, take_due
from mailer.sending.deliver import SendingSettings
from mailer.sending.plan import plan_mailing
from mailer.sending.retry import RetryPolicy
from mailer.sending.sender import run_sender
from mailer.sources import starter
from mailer.sources.import_file import import_document
from mailer.sources.issue_folder import issue_digest, load_issue, write_issue
from mailer.sources.sheets import read_sheet
from mailer.store import audience, deliveries, issues, mailings, schedules
from mailer.store.audience import ListCount
from mailer.store.database import Store, open_store
from mailer.tokens import HouseSecret, Purpose, load_secret, sign_token
from mailer.tracking.maildir import mark_seen, unseen_mail
from mailer.tracking.record import record_report

log = logging.getLogger(__name__)


def utc_now() -> datetime:
    """The time of this machine, aware UTC."""
    return datetime.now(UTC)


def create_newsletter(folder: Path) -> list[Path]:
    """Make a newsletter folder and return what was written in it."""
    return starter.create_newsletter(folder)


def starter_folder() -> Path:
    """Return the folder with the settings, templates, lists and issue that new newsletters start from."""
    return starter.starter_folder()


@dataclass(frozen=True, slots=True)
class Rendered:
    """Where one edition was written."""

    list_name: str
    html: Path
    text: Path
    eml: Path
    sha256: str


class House:
    """One newsletter folder. What it needs is opened when first asked for; close it when done."""

    def __init__(self, home: Path, now: Callable[[], datetime] = utc_now) -> None:
        self.home = home
        self.now = now

    # -- what the house stands on

    @cached_property
    def config(self) -> Config:
        """The settings. Raises ConfigError."""
        config = load_config(self.home)
        for name, schedule in config.schedule.items():
            schedule_rule(schedule, name)  # a rule that cannot be understood is said now, not at its time
        return config

    @cached_property
    def store(self) -> Store:
        """The database, migrated."""
        return open_store(self.config.database, self.var / "mailer.db")

    @cached_property
    def secret(self) -> HouseSecret:
        """The house secret, made at first use."""
        return load_secret(self.var / "secret.json")

    @property
    def var(self) -> Path:
        """The folder of what runs make."""
        return self.home / "var"

    @property
    def templates(self) -> Path:
        """The folder of templates."""
        return self.home / "templates"

    def open(self) -> None:
        """Open the database and the secret now, rather than when first asked for."""
        _store, _secret = self.store, self.secret

    def close(self) -> None:
        """Close the database if it was opened."""
        if "store" in self.__dict__:
            self.store.close()

    def lock(self, name: str) -> FolderLock:
        """Return a lock of this folder: `serve` or `sender`."""
        return FolderLock(self.var / f"{name}.lock")

    # -- issues

    def issue_folder(self, name: str) -> Path:
        """Return the folder of an issue given by slug or path. Raises NotFoundError."""
        for folder in (self.home / "issues" / name, Path(name)):
            if (folder / "issue.md").is_file():
                return folder
        raise NotFoundError(
            _("there is no issue {name}").format(name=name),
            file=self.home / "issues",
            cure=_("here are: {slugs}").format(
                slugs=", ".join(self.issue_slugs()) or _("none yet; `mailer import FILE`")
            ),
        )

    def issue_slugs(self) -> list[str]:
        """Return the issues of this folder, oldest name first."""
        return sorted(path.parent.name for path in self.home.glob("issues/*/issue.md"))

    def load_issue(self, name: str) -> Issue:
        """Read an issue. Raises IssueError, NotFoundError."""
        return load_issue(self.issue_folder(name))

    def import_document(self, file: Path, slug: str | None, *, replace: bool) -> tuple[Issue, tuple[ImportRemark, ...]]:
        """Read a document and write its issue folder. Raises IssueError; StateError when the folder exists."""
        _config = self.config  # a folder without settings is no newsletter: say so before anything is written
        issue, remarks = import_document(file, slug)
        write_issue(issue, self.home / "issues" / issue.slug, replace=replace)
        return issue, remarks

    def chosen_lists(self, names: Sequence[str] = ()) -> list[str]:
        """Return list names in sending order: those named, or all. Raises NotFoundError."""
        ordered = [name for name, _settings in self.config.lists_in_order()]
        for name in names:
            if name not in ordered:
                raise NotFoundError(
                    _("there is no list {name}").format(name=name),
                    cure=_("config.toml has: {names}").format(names=", ".join(ordered)),
                )
        return [name for name in ordered if not names or name in names]

    def render(self, issue: Issue, lists: Sequence[str] = ()) -> list[Edition]:
        """Render one edition for each list. Raises TemplateError."""
        from mailer.rendering.edition import render_edition  # slow to load, and most commands do not render

        return [
            render_edition(issue, name, self.config.lists[name], self.config, self.templates)
            for name in self.chosen_lists(lists)
        ]

    def check(self, issue: Issue, editions: Sequence[Edition]) -> list[Finding]:
        """Return the preflight's findings over these editions, each once."""
        from mailer.rendering.preflight import check_edition

        found = [finding for edition in editions for finding in check_edition(edition, issue, self.config)]
        return list(dict.fromkeys(found))

    def write_editions(self, editions: Sequence[Edition], out: Path) -> list[Rendered]:
        """Write each edition as HTML, text and a complete message, filled for a made-up reader."""
        out.mkdir(parents=True, exist_ok=True)
        return [self._write_edition(edition, self._sample_delivery(edition), out) for edition in editions]

    def write_sent(self, mailing: MailingRecord, out: Path) -> list[Rendered]:
        """Write, for each list of a mailing, its first accepted message as it was sent."""
        out.mkdir(parents=True, exist_ok=True)
        written: list[Rendered] = []
        with self.store.read() as connection:
            for list_id, _name, edition_id in mailings.mailing_lists(connection, mailing.id):
                number = deliveries.sample_delivery(connection, mailing.id, list_id)
                delivery = deliveries.find_delivery(connection, number) if number is not None else None
                if delivery is not None:
                    written.append(self._write_edition(issues.load_edition(connection, edition_id), delivery, out))
        return written

    def _sample_delivery(self, edition: Edition) -> Delivery:
        token = sign_token(self.secret, Purpose.BOUNCE, 0)
        domain = self.config.sender.address.rpartition("@")[2]
        now = self.now()
        return Delivery(
            id=0,
            mailing_id=0,
            issue_slug=edition.issue,
            list_name=edition.list_name,
            edition_id=0,
            recipient=Recipient("reader@reader.example", organisation=_("a reader’s organisation")),
            message_id=f"<{token}@{domain}>",
            token=token,
            sent_date=now,
            clock_from=now,
            attempts=0,
            lease="",
        )

    def _write_edition(self, edition: Edition, delivery: Delivery, out: Path) -> Rendered:
        message = compose_message(edition, delivery, make_letterhead(self.config, edition.list_name, self.secret))
        base = out / f"{edition.issue}-{edition.list_name}"
        files = Rendered(
            edition.list_name,
            base.with_suffix(".html"),
            base.with_suffix(".txt"),
            base.with_suffix(".eml"),
            edition.sha256,
        )
        parts = read_parts(message)
        files.html.write_text(parts.html, "utf-8")
        files.text.write_text(parts.text, "utf-8")
        files.eml.write_bytes(message)
        return files

    def approve(self, name: str, approved_by: str) -> tuple[Issue, list[Edition], list[Finding]]:
        """Render, check, freeze and approve an issue. Raises StateError when the preflight has errors."""
        folder = self.issue_folder(name)
        digest = issue_digest(folder)
        issue = load_issue(folder)
        editions = self.render(issue)
        findings = self.check(issue, editions)
        errors = [finding for finding in findings if finding.severity is Severity.ERROR]
        if errors:
            raise StateError(
                _("the preflight has errors: {first}").format(first=f"{errors[0].place}: {errors[0].text}"),
                cure=_("`mailer check {slug}` lists them all").format(slug=issue.slug),
            )
        with self.store.write() as connection:
            approve_issue(connection, issue, digest, editions, approved_by, self.now())
        return issue, editions, findings

    # -- lists

    def _declared_lists(self) -> list[DistributionList]:
        return [DistributionList(name, one.title, one.role) for name, one in self.config.lists_in_order()]

    def sync_lists(self, names: Sequence[str] = (), *, dry_run: bool = False) -> dict[str, ListChange]:
        """Make lists follow their sheets, all or none. Raises SheetError and changes nothing."""
        chosen = self.chosen_lists(names)
        sheets = {name: read_sheet(self.home / self.config.lists[name].file) for name in chosen}
        opened = self.store.read if dry_run else self.store.write
        with opened() as connection:
            ids = audience.sync_lists(connection, self._declared_lists())
            return {
                name: sync_list(
                    connection, ids[name], sheets[name], self.config.lists[name].file, self.now(), dry_run=dry_run
                )
                for name in chosen
            }

    def count_lists(self) -> tuple[ListCount, ...]:
        """Return the lists of the settings with their counts, as of the last sync."""
        with self.store.write() as connection:
            wanted = audience.sync_lists(connection, self._declared_lists())
            return tuple(one for one in audience.count_lists(connection) if one.value.name in wanted)

    # -- mailings

    def schedule_mailing(
        self, name: str, lists: Sequence[str] = (), at: datetime | None = None, schedule: str = ""
    ) -> MailingRecord:
        """Plan a mailing of an approved issue for a time (None: now). Raises StateError, SheetError."""
        folder = self.issue_folder(name)
        digest = issue_digest(folder)
        issue = load_issue(folder)
        chosen = self.chosen_lists(lists)
        self.relay()  # a mailing that could never leave is refused now
        self.sync_lists(chosen, dry_run=True)
        now = self.now()
        with self.store.write() as connection:
            approval = require_approval(connection, issue, digest, now)
            ids = audience.sync_lists(connection, self._declared_lists())
            number = schedule_mailing(connection, approval, [(one, ids[one]) for one in chosen], at, now, schedule)
            return require_mailing(connection, str(number))

    def start_mailing(self, mailing_id: int) -> MailingRecord:
        """Freeze the audience and set a scheduled mailing running, or hold it with the reason.

        Held: the content was changed since its approval, the approval was voided, or a sheet cannot be read.
        """
        now = self.now()
        with self.store.read() as connection:
            record = require_mailing(connection, str(mailing_id))
            approval_id = mailings.mailing_approval(connection, mailing_id)
        reason = ""
        try:
            folder = self.issue_folder(record.issue_slug)
            with self.store.write() as connection:
                standing = require_approval(connection, load_issue(folder), issue_digest(folder), now)
            if standing.id != approval_id:
                reason = _("the issue was approved anew after this mailing was planned")
            else:
                self.sync_lists(record.lists)
        except MailerError as error:
            reason = str(error)
        with self.store.write() as connection:
            if reason:
                mailings.move_mailing(connection, mailing_id, MailingStatus.HELD, now, reason)
            elif mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, now):
                domain = self.config.sender.address.rpartition("@")[2]
                count = plan_mailing(connection, mailing_id, self.secret, domain)
                log.info("mailing %d: %d planned, %d reached before", mailing_id, count.planned, count.reached)
            return require_mailing(connection, str(mailing_id))

    def start_due(self) -> list[MailingRecord]:
        """Start every scheduled mailing whose time has come."""
        with self.store.read() as connection:
            due = mailings.due_mailings(connection, self.now())
        return [self.start_mailing(number) for number in due]

    def mailing(self, name: str) -> MailingRecord:
        """Return a mailing by its number or `last`. Raises NotFoundError."""
        with self.store.read() as connection:
            return require_mailing(connection, name)

    def mailings(self) -> list[MailingRecord]:
        """Return the newest mailings first."""
        with self.store.read() as connection:
            return mailings.list_mailings(connection)

    def move_mailing(self, name: str, target: MailingStatus) -> MailingRecord:
        """Pause, resume or cancel a mailing. Raises StateError where its state does not allow that."""
        with self.store.write() as connection:
            record = require_mailing(connection, name)
            publishing_mailing.move_mailing(connection, record, target, self.now())
            return require_mailing(connection, str(record.id))

    def resume_mailing(self, name: str) -> MailingRecord:
        """Go on with a mailing; one that was held before its audience was frozen is started."""
        record = self.mailing(name)
        if record.status is MailingStatus.HELD and record.started_at is None:
            return self.start_mailing(record.id)
        with self.store.write() as connection:
            publishing_mailing.resume_mailing(connection, record, self.now())
            return require_mailing(connection, str(record.id))

    def planned_mailings(self) -> list[MailingRecord]:
        """Return the mailings that wait for their time, the soonest first."""
        with self.store.read() as connection:
            waiting = mailings.list_mailings(connection, [MailingStatus.SCHEDULED], limit=1000)
        return sorted(waiting, key=lambda one: (one.scheduled_at or one.created_at, one.id))

    def summarise(self, name: str) -> MailingSummary:
        """Return the figures of a mailing."""
        with self.store.read() as connection:
            return summarise_mailing(connection, require_mailing(connection, name))

    # -- sending

    def relay(self) -> tuple[str, RelayConfig]:
        """Return the relay mail goes through. Raises ConfigError when none is set or its password is not to be had."""
        for name, relay in self.config.relays.items():
            read_password(relay, self.home, os.environ)
            here = str(self.home / relay.ca_file) if relay.ca_file else ""
            return name, relay.model_copy(update={"ca_file": here})
        raise ConfigError(
            _("there is no relay to send through"),
            file=self.home / "config.toml",
            field="relays",
            cure=_("add a [relays.main] table with host, port and security"),
        )

    def sending_settings(self) -> SendingSettings:
        """Return what a sender needs."""
        name, relay = self.relay()
        retry = self.config.retry
        return SendingSettings(
            secret=self.secret,
            relay_name=name,
            relay=relay,
            password=read_password(relay, self.home, os.environ),
            policy=RetryPolicy(retry.give_up_after, retry.scale, retry.on_uncertain == "resend"),
            letterheads={one: make_letterhead(self.config, one, self.secret) for one in self.config.lists},
            now=self.now,
        )

    async def deliver(self, stop: asyncio.Event, only: int | None = None) -> None:
        """Run the sender: one mailing to its end, or all that run until stopped. Raises StateError when one runs."""
        settings = self.sending_settings()
        lock = self.lock("sender")
        lock.require(
            _("another sender works on this folder"), _("follow it with `mailer status`, or stop `mailer serve` first")
        )
        try:
            await run_sender(settings, self.store, stop, only=only)
        finally:
            lock.free()

    # -- what comes back

    def read_returned(self, raw: bytes, source: str) -> ReturnedMail:
        """Read one returned mail, tie it to its delivery and record it."""
        report = parse_report(raw)
        digest = hashlib.sha256(raw).hexdigest()
        with self.store.write() as connection:
            return record_report(connection, self.secret, report, source, digest, self.now())

    def poll_returned(self) -> list[ReturnedMail]:
        """Read the Maildir of returned mail; what was tied to a delivery is marked seen, the rest waits."""
        if not self.config.bounces.maildir:
            raise ConfigError(
                _("there is no mailbox of returned mail"),
                file=self.home / "config.toml",
                field="bounces.maildir",
                cure=_("set it, or use `mailer bounces read FILE`"),
            )
        folder = self.home / self.config.bounces.maildir
        found: list[ReturnedMail] = []
        for key, raw in unseen_mail(folder):
            returned = self.read_returned(raw, key)
            if returned.delivery_id is not None:
                mark_seen(folder, key)
            found.append(returned)
        return found

    # -- leaving

    def read_membership(self, token: str) -> Membership | None:
        """Return what an unsubscribe token stands for, or None; changes nothing."""
        with self.store.read() as connection:
            return read_membership(connection, self.secret, token)

    def leave_list(self, token: str, source: str) -> bool:
        """End the subscription a token stands for; False when the token is not one of ours."""
        with self.store.write() as connection:
            return leave_list(connection, self.secret, token, source, self.now())

    # -- the clock

    def coming(self, count: int) -> list[Occurrence]:
        """Return the next occurrences over all schedules."""
        return list_occurrences(self.config, self.now(), count)

    def make_clock(self) -> Clock:
        """Return the clock that wakes the house."""
        return Clock(self.config)

    def next_wake(self) -> datetime | None:
        """Return the next moment at which a schedule or a planned mailing is due, or None."""
        now = self.now()
        moments = [next_due(one, name, self.config, now) for name, one in self.config.schedule.items()]
        moments += [
            one.scheduled_at
            for one in self.planned_mailings()
            if one.scheduled_at is not None and one.scheduled_at > now
        ]
        return min(moments, default=None)

    def tick(self) -> None:
        """Act on the occurrences that are due, each once, and start the mailings whose time has come."""
        with self.store.write() as connection:
            taken = take_due(connection, self.config, self.now())
        for occurrence in taken:
            self._act_on(occurrence)
        self.start_due()

    def _act_on(self, occurrence: TakenOccurrence) -> None:
        mailing: MailingRecord | None = None
        if occurrence.too_late:
            result = "missed: later than its grace"
        else:
            try:
                mailing = self._schedule_newest(occurrence)
                result = f"mailing {mailing.id}" if mailing is not None else "nothing is approved"
            except MailerError as error:
                result = f"failed: {error}"
        log.warning("schedule %s, due %s: %s", occurrence.schedule, occurrence.due_at.isoformat(), result)
        with self.store.write() as connection:
            schedules.note_occurrence(connection, occurrence.id, mailing.id if mailing else None, result)

    def _schedule_newest(self, occurrence: TakenOccurrence) -> MailingRecord | None:
        with self.store.read() as connection:
            chosen = issues.newest_approved_unmailed(connection)
        if chosen is None:
            return None
        lists = self.config.schedule[occurrence.schedule].lists
        return self.schedule_mailing(chosen.slug, lists, occurrence.due_at, occurrence.schedule)
