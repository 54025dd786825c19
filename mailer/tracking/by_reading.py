"""Kept mail that a person has read: dealt with, tied to a copy by hand as a report would be, and taken back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mailer.config import SuppressionConfig
from mailer.errors import NotFoundError, StateError, UsageError
from mailer.i18n import _
from mailer.model.audit import Act, Subject
from mailer.model.delivery import Delivery
from mailer.model.kept_mail import HandMeaning, HandTie, Saying, TakenBack
from mailer.model.outcome import Action, Meaning, ReplyClass
from mailer.model.people import Actor
from mailer.model.report import ReportedRecipient, ReportKind, Tie
from mailer.store import audit, deliveries, digests, events, failures, returned, suppressions
from mailer.store.database import Connection
from mailer.store.plans import ORDINALS
from mailer.store.returned import ByHand, StoredMail
from mailer.tokens import HouseSecret, hash_address
from mailer.tracking.by_hand import check_reason, hash_reason
from mailer.tracking.matching import Match
from mailer.tracking.record import Found, record_match

_BOUNCES = {
    HandMeaning.HARD: Meaning(ReplyClass.GONE, Action.SUPPRESS, permanent=True, rule="by hand"),
    HandMeaning.SOFT: Meaning(ReplyClass.TEMPORARY, Action.RETRY, permanent=False, rule="by hand"),
}
_NEWEST = 36  # issues in which another failure keeps an address suppressed when this one is taken back


@dataclass(frozen=True, slots=True)
class Leaving:
    """How the reader of a delivery is taken off its list by a person, and put back.

    leave: given the delivery, the source of the event, who does it and when, return what was before; None where the
    reader had left already. put_back: given the delivery, what was before, when the reader was taken off, who puts
    back and when.
    """

    leave: Callable[[Connection, int, str, Actor, datetime], dict[str, Any] | None]
    put_back: Callable[[Connection, int, dict[str, Any], datetime, Actor, datetime], bool]


def mark_done(connection: Connection, number: int, actor: Actor, now: datetime) -> bool:
    """Mark a kept mail as dealt with; False where it was so already. Raises NotFoundError."""
    mail = _lock(connection, number)
    if mail.done_at is not None:
        return False
    returned.write_done(connection, number, actor.name, now)
    audit.record(connection, actor, Act.CLOSE_RETURNED, _subject(number), now)
    return True


@dataclass(frozen=True, slots=True)
class ByReading:
    """What ties kept mails to copies by a person's word, with all that follows from it."""

    secret: HouseSecret
    suppression: SuppressionConfig
    leaving: Leaving

    def tie(self, connection: Connection, number: int, saying: Saying, actor: Actor, now: datetime) -> HandTie:
        """Record what a person says of a kept mail as a report that says so would be, instead of the program's guess.

        Raises NotFoundError, UsageError without a reason or a copy, StateError where a person has said something.
        """
        mail, words = _lock(connection, number), check_reason(saying.reason)
        if mail.said is not None:
            raise StateError(
                _("somebody has said already what mail {n} means").format(n=number), cure=_("take that back first")
            )
        undo: dict[str, Any] = {"source": f"{mail.sha256} {now.isoformat()}", "answer": mail.answer}
        if mail.guess_id is not None:
            undo["guess"] = events.change_tie(connection, mail.guess_id, mail.sha256, Tie.PROBABLE, Tie.WITHDRAWN)
            digests.forget_digests(connection, mail.guess_id // ORDINALS)
        done, delivery = HandTie("", suppressed=False, left=False), None
        if saying.meaning is not HandMeaning.NOTHING:
            delivery = self._find(connection, saying.delivery_id)
            done = self._record(connection, mail, saying.meaning, delivery, words, actor, now, undo)
        said = ByHand(saying.meaning, delivery.id if delivery is not None else None, words, undo)
        is_answer = saying.meaning is HandMeaning.ANSWER
        returned.write_said(connection, number, actor.name, said, answer=is_answer or mail.answer)
        returned.write_done(connection, number, actor.name, None if is_answer else now)
        audit.record(
            connection, actor, Act.TIE_RETURNED, _subject(number), now, meaning=saying.meaning.value,
            delivery=said.delivery_id, suppressed=done.suppressed, left=done.left, reason=hash_reason(words),
        )  # fmt: skip
        return done

    def _find(self, connection: Connection, number: int | None) -> Delivery:
        found = deliveries.find_delivery(connection, number, self.secret) if number is not None else None
        if found is None:
            raise UsageError(
                _("no copy was chosen that was ever sent"), cure=_("search for its address, and choose one")
            )
        return found

    def _record(
        self,
        connection: Connection,
        mail: StoredMail,
        meaning: HandMeaning,
        delivery: Delivery,
        words: str,
        actor: Actor,
        now: datetime,
        undo: dict[str, Any],
    ) -> HandTie:
        """Record what became of a copy; what has to be put back when that is taken back is added to `undo`."""
        address = delivery.recipient.address
        if meaning is HandMeaning.ANSWER:
            return HandTie(address, suppressed=False, left=False)
        if meaning is HandMeaning.LEFT:
            undo["left"] = self.leaving.leave(connection, delivery.id, undo["source"], actor, now)
            digests.forget_digests(connection, delivery.mailing_id)
            return HandTie(address, suppressed=False, left=undo["left"] is not None)
        before = suppressions.ended_before(connection, self._hash(delivery))
        found = Found(_suppressed_by(mail.id), undo["source"], happened_at=mail.read_at)
        match = _match(delivery, meaning, words)
        _news, suppressed = record_match(connection, self.secret, match, "", found, now, self.suppression)
        if suppressed:
            undo["suppressed"] = [moment.isoformat() for moment in before or ()]
        digests.forget_digests(connection, delivery.mailing_id)
        return HandTie(address, suppressed, left=False)

    def take_back(self, connection: Connection, number: int, actor: Actor, now: datetime) -> TakenBack:
        """Have a kept mail wait again: that it was done, else what was said of it, with what came of that.

        A copy in doubt that was accepted by it stays so. Raises NotFoundError, StateError where there is nothing to
        take back.
        """
        mail = _lock(connection, number)
        if mail.said is None or (mail.said.meaning is HandMeaning.ANSWER and mail.done_at is not None):
            if mail.done_at is None:
                raise StateError(_("mail {n} waits already").format(n=number), cure=_("there is nothing to take back"))
            returned.write_done(connection, number, actor.name, None)
            audit.record(connection, actor, Act.REOPEN_RETURNED, _subject(number), now)
            return TakenBack(tie=False)
        said, stays = mail.said, False
        if said.delivery_id is not None:
            stays = self._withdraw(connection, mail, said, said.delivery_id, actor, now)
        if said.undo.get("guess") and mail.guess_id is not None:
            events.change_tie(connection, mail.guess_id, mail.sha256, Tie.WITHDRAWN, Tie.PROBABLE)
            digests.forget_digests(connection, mail.guess_id // ORDINALS)
        returned.write_said(connection, number, actor.name, None, answer=bool(said.undo["answer"]))
        returned.write_done(connection, number, actor.name, None)
        audit.record(
            connection, actor, Act.REOPEN_RETURNED, _subject(number), now, meaning=said.meaning.value,
            delivery=said.delivery_id, stays_suppressed=stays,
        )  # fmt: skip
        return TakenBack(tie=True, stays_suppressed=stays)

    def _withdraw(
        self, connection: Connection, mail: StoredMail, said: ByHand, number: int, actor: Actor, now: datetime
    ) -> bool:
        """Undo what came of a tie; return whether the address stays suppressed all the same."""
        undo, source = said.undo, said.undo["source"]
        event_id = events.number_of_event(connection, number, source)
        events.change_tie(connection, number, source, Tie.HAND, Tie.WITHDRAWN)
        digests.forget_digests(connection, number // ORDINALS)
        if undo.get("left") and mail.done_at is not None:
            self.leaving.put_back(connection, number, undo["left"], mail.done_at, actor, now)
        if "suppressed" not in undo or mail.done_at is None:
            return False
        delivery = self._find(connection, number)
        key = delivery.recipient.address.casefold()
        if failures.failed_after(connection, key, event_id, mail.done_at, _NEWEST):
            return True
        before = [datetime.fromisoformat(one) for one in undo["suppressed"]]
        earlier = (before[0], before[1]) if before else None
        suppressions.take_back(connection, self._hash(delivery), _suppressed_by(mail.id), earlier)
        return False

    def _hash(self, delivery: Delivery) -> str:
        return hash_address(self.secret, delivery.recipient.address.casefold())


def _match(delivery: Delivery, meaning: HandMeaning, words: str) -> Match:
    if meaning is HandMeaning.COMPLAINT:
        return Match(delivery, Tie.HAND, None, ReportKind.COMPLAINT, "")
    one = ReportedRecipient(delivery.recipient.address, "", words, _BOUNCES[meaning])
    return Match(delivery, Tie.HAND, one, ReportKind.BOUNCE, "")


def _lock(connection: Connection, number: int) -> StoredMail:
    mail = returned.lock_mail(connection, number)
    if mail is None:
        raise NotFoundError(_("there is no mail {n} that is kept").format(n=number), cure=_("`mailer bounces list`"))
    return mail


def _subject(number: int) -> Subject:
    return Subject("returned", str(number))


def _suppressed_by(number: int) -> str:
    return f"returned mail {number}"
