"""Whether this house may send here: the identity in its database against the witness of this machine."""

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path

from mailer.errors import HouseHeldError, StateError
from mailer.i18n import N_, _
from mailer.model.audit import Act, Subject, parse_head
from mailer.model.identity import Hold, HouseIdentity, IdentityReport, Remembered, Verdict, judge_identity
from mailer.model.people import Actor
from mailer.ops.witness import STATE_VARIABLE, Witness
from mailer.store import audit, house
from mailer.store.database import Connection, Store

log = logging.getLogger(__name__)

LOCK_WAIT_S = 10.0  # for another process of this machine that counts on just now

WHY = {
    Verdict.OLDER: N_("its database is older than this machine remembers: was it restored from a backup?"),
    Verdict.ELSEWHERE: N_(
        "it has run before, but never from this account, machine and folder: was it moved, cloned, or restored here?"
    ),
    Verdict.OTHER: N_("its database is another copy than the one this machine has run here"),
    Verdict.FRESH: N_("its database is new, and this machine has run a house here: was the database lost?"),
    Verdict.REPLACED: N_("the file of its database was put in another's place while this process ran"),
    Verdict.UNREADABLE: N_("what this machine remembers of it cannot be read: {why}"),
    Verdict.UNWRITABLE: N_("what this machine remembers of it cannot be written: {why}"),
}


class Identity:
    """The identity of one house on this machine.

    look changes nothing; beat counts on, so it belongs to those who act by themselves: the clock and the sender.
    """

    def __init__(
        self,
        store: Callable[[], Store],
        reopen: Callable[[], bool],
        home: Path,
        folder: Path,
        now: Callable[[], datetime],
    ) -> None:
        """Take the house's database, what opens it anew where its file was replaced, its folder, the state folder."""
        self._store = store
        self._reopen = reopen
        self._home = home
        self._folder = folder
        self._now = now
        self._said: Verdict | None = None
        self._lost = ""

    @cached_property
    def witness(self) -> Witness:
        """The witness of this house. Raises OSError where it cannot have one."""
        store = self._store()
        if store.is_sqlite:
            return Witness(self._folder, str(self._home.resolve()))
        with store.read() as connection:
            return Witness(self._folder, f"postgresql {house.name_database(connection)}")

    def look(self) -> Hold | None:
        """Return why this house sends nothing, or None. Nothing is written. Raises StoreError."""
        try:
            return self.report().hold
        except OSError as error:
            return self._unwritable(error)

    def require(self) -> None:
        """Raise HouseHeldError where this house sends nothing, with the cure."""
        if hold := self.look():
            raise refuse_held(hold)

    def report(self) -> IdentityReport:
        """Return what is known. Raises StoreError, and OSError where there can be no witness."""
        path, remembered, hold = self.witness.path, None, None
        try:
            remembered = self.witness.read()  # before the database, which is counted on first
        except (OSError, ValueError) as error:
            hold = self._hold(Verdict.UNREADABLE, error)
        with self._store().read() as connection:
            known = house.read_identity(connection)
        if remembered is None and hold is None and known.generation:
            remembered = self.witness.read()  # another process may have made it since: the first start of the house
        return IdentityReport(known, remembered, path, hold or self._hold(judge_identity(known, remembered)))

    def beat(self, *, clock: bool = False) -> Hold | None:
        """Count on, in the database and then in the witness, and return why this house sends nothing, or None.

        Where it is held nothing is counted. clock: this is a tick of the clock of `serve`. What it finds is logged
        when it changes. Raises StoreError.
        """
        hold = self._hold(Verdict.REPLACED) if self._reopen() else self._beat()
        if clock and not (hold and hold.verdict is Verdict.REPLACED):
            with self._store().write() as connection:
                house.note_clock(connection, self._now())
        verdict = hold.verdict if hold else None
        if hold and verdict is not self._said:
            log.error("%s → %s", refuse_held(hold), hold.cure)
        elif self._said and not hold:
            log.warning("the house is no longer held")
        self._said = verdict
        return hold

    def _beat(self) -> Hold | None:
        try:
            with self.witness.locked(LOCK_WAIT_S):
                return self._beat_locked()
        except TimeoutError as error:  # another process counts; what it has made already is enough
            return self._unwritable(error) if self.report().known.generation == 0 else self.look()
        except OSError as error:
            return self.look() or self._unwritable(error)

    def _beat_locked(self) -> Hold | None:
        try:
            remembered = self.witness.read()
        except (OSError, ValueError) as error:
            return self._hold(Verdict.UNREADABLE, error)
        generation: int | None = None
        with self._store().write() as connection:
            known = house.read_identity(connection)
            verdict = judge_identity(known, remembered)
            if not verdict.may_send:
                return self._hold(verdict)
            if verdict is Verdict.NEW:
                instance = house.begin_identity(connection, secrets.token_hex(16))
            else:
                instance, least = known.instance_id, remembered.generation if remembered else 0
                generation = house.count_on(connection, instance, least, self._now())
            head = self._head_to_keep(connection, remembered)
        if verdict is Verdict.NEW:
            # the file stands before the database says 1: a crash in between leaves a 0 on one side, which is still new
            self.witness.write(Remembered(instance, 0, self._now()))
            with self._store().write() as connection:
                generation = house.count_on(connection, instance, 0, self._now())
        if generation is None:  # another machine's person confirmed the same database meanwhile
            return self.look()
        self.witness.write(Remembered(instance, generation, self._now(), head))
        return None

    def _head_to_keep(self, connection: Connection, remembered: Remembered | None) -> str:
        """Return the head of the trail to remember now; while the one remembered is gone, that one, as evidence."""
        head = audit.audit_head(connection)
        if head is not None and remembered is not None and str(head) == remembered.audit_head:
            return remembered.audit_head
        if lost := _lost_head(connection, remembered):
            if lost != self._lost:
                log.error("entries of the audit trail were taken away: %s is gone; see `mailer audit verify`", lost)
            self._lost = lost
            return lost
        return str(head) if head is not None else ""

    def confirm(self, acting: Callable[[Connection], Actor]) -> HouseIdentity:
        """Make this copy the house, by a person's word; return it. acting: says in the transaction who, or raises.

        It gets an instance id of its own, so that a machine that ran the other copy knows that this is not its. Only
        where a sender works on this very database, from another machine, does this machine join it under the id it has.
        Raises StateError where nothing is to be confirmed, HouseHeldError where that cannot be written.
        """
        try:
            with self.witness.locked(LOCK_WAIT_S):
                return self._confirm_locked(acting)
        except OSError as error:
            raise refuse_held(self._unwritable(error)) from None

    def _confirm_locked(self, acting: Callable[[Connection], Actor]) -> HouseIdentity:
        report = self.report()
        if report.hold is None:
            raise StateError(
                _("this house is not held: there is nothing to confirm"), cure=_("`mailer house` shows what it is")
            )
        remembered = report.remembered
        with self._store().write() as connection:
            actor = acting(connection)
            known = house.read_identity(connection)
            joins = not self._store().is_sqlite and known.generation > 0 and house.is_sender_alive(connection)
            instance = known.instance_id if joins else secrets.token_hex(16)
            generation = max(known.generation, remembered.generation if remembered else 0) + 1
            house.confirm_identity(connection, instance, generation, actor.name, self._now())
            confirmed = house.read_identity(connection)
            lost = _lost_head(connection, remembered)
            head = audit.record(
                connection, actor, Act.CONFIRM, Subject("house", ""), self._now(),
                verdict=report.hold.verdict.value, **({"lost_head": lost} if lost else {}),
            )  # fmt: skip
        self.witness.write(Remembered(instance, generation, self._now(), str(head)))
        log.warning("%s confirmed this copy of the house", actor.name)
        return confirmed

    def _hold(self, verdict: Verdict, error: Exception | None = None) -> Hold | None:
        if verdict.may_send:
            return None
        why = _(WHY[verdict]).format(why=getattr(error, "strerror", None) or error)
        if verdict is Verdict.REPLACED:
            return Hold(verdict, why, _("this process looks again by itself within a minute"))
        if verdict is Verdict.UNREADABLE and isinstance(error, OSError):
            cure = _("let this account read {file}, or name another folder in {name}")
            return Hold(verdict, why, cure.format(file=error.filename, name=STATE_VARIABLE))
        return Hold(
            verdict,
            why,
            _("`mailer house` shows what is known; where no other copy sends, `mailer house confirm --as NAME`"),
        )

    def _unwritable(self, error: OSError) -> Hold:
        why = _("another process holds it") if isinstance(error, TimeoutError) else error.strerror or str(error)
        cure = _("let this account write to {folder}, or name another folder in {name}")
        return Hold(
            Verdict.UNWRITABLE,
            _(WHY[Verdict.UNWRITABLE]).format(why=why),
            cure.format(folder=self._folder, name=STATE_VARIABLE),
        )


def _lost_head(connection: Connection, remembered: Remembered | None) -> str:
    """Return the head that is remembered and no longer part of the trail, or nothing."""
    head = parse_head(remembered.audit_head) if remembered is not None else None
    return "" if head is None or audit.is_head_kept(connection, head) else str(head)


def refuse_held(hold: Hold) -> HouseHeldError:
    """Return the error of what would send in a house that is held."""
    return HouseHeldError(_("this house sends nothing: {why}").format(why=hold.why), cure=hold.cure)
