"""One copy of a notice to staff on its way by mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from mailer.config import RelayConfig, SenderConfig
from mailer.errors import InputError
from mailer.mail.credentials import Credentials
from mailer.mail.dialogue import Patience
from mailer.mail.envelope import Envelope
from mailer.mail.notice import NoticeHead, compose_notice
from mailer.mail.replies import ReplyRules
from mailer.mail.smtp import open_session
from mailer.model.notice import Tried
from mailer.model.outcome import Accepted, Deferred, Refused, RelayFailure, Uncertain, Withheld
from mailer.store.notices import NoticeCopy

if TYPE_CHECKING:
    from mailer.mail.dkim import Signer  # cryptography is slow to load

PATIENCE = Patience(connect_s=15, command_s=30, dot_s=120)  # the next notice waits meanwhile


@dataclass(frozen=True, slots=True)
class NoticeDesk:
    """What is needed to send notices."""

    sender: SenderConfig
    zone: ZoneInfo
    relays: Mapping[str, tuple[RelayConfig, Credentials]]
    signers: "Sequence[Signer]" = ()
    rules: ReplyRules | None = None

    async def send(self, copy: NoticeCopy, relay: str, attached: bytes | None = None) -> Tried:
        """Send one copy through a relay, for which a permit was taken. Raises nothing for what a server says.

        One in doubt is not sent again: a second reminder is worse than none.
        """
        config, credentials = self.relays[relay]
        head = NoticeHead(
            self.sender.name, self.sender.address, copy.target, copy.subject, copy.about, copy.made_at, self.zone
        )
        try:
            octets = compose_notice(head, copy.body, self.signers, attached)
        except InputError as error:
            return Tried(str(error), over=True)
        session = await open_session(config, credentials, PATIENCE, self.rules)
        if isinstance(session, RelayFailure):
            return Tried(str(session.reply), over=False)
        try:
            outcome = await session.send(Envelope(self.sender.address, copy.target, len(octets)), octets, _go_on)
        finally:
            await session.quit()
        match outcome:
            case Accepted() | Refused() | Uncertain():
                words = f"{type(outcome).__name__.lower()}: {outcome.reply}"
                return Tried(words, over=True, worked=isinstance(outcome, Accepted))
            case Deferred() | RelayFailure():
                return Tried(str(outcome.reply), over=False)
            case Withheld():
                raise AssertionError("_go_on withholds nothing")


async def _go_on() -> bool:
    return True
