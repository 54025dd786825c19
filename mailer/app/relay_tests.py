"""Relays tried by a person: a log-in by itself, and a test mail by the way that proofs go."""

import html
from dataclasses import replace
from datetime import timedelta

from mailer.app.ground import Ground
from mailer.app.people import People
from mailer.app.proofs import address_sample
from mailer.app.relays import Relays
from mailer.app.written import sample_delivery
from mailer.errors import StateError, UsageError
from mailer.i18n import _, current_language
from mailer.mail.message import make_composer
from mailer.mail.trial import try_log_in
from mailer.model.address import parse_address
from mailer.model.audit import Act, Subject
from mailer.model.edition import Edition, freeze_edition
from mailer.model.people import Right
from mailer.model.proof import ProofCopy
from mailer.model.relay_trial import LogInTrial
from mailer.sending.proof import ProofDraft, send_proofs
from mailer.sending.settings import RelayAccess
from mailer.store import audit

MOST = 6  # tests of one relay ...
WITHIN = timedelta(minutes=10)  # ... in this time: providers close an account after some log-ins that fail


class RelayTests:
    """Tests of a house's relays."""

    def __init__(self, ground: Ground, relays: Relays, people: People) -> None:
        self._ground = ground
        self._relays = relays
        self._people = people

    async def log_in(self, name: str, by: str) -> LogInTrial:
        """Try to log in at a relay. Raises NotFoundError, ConfigError, StateError after too many tests."""
        access = self._relays.access_one(name)
        self._begin(name, by, "log-in")
        return await try_log_in(access.config, access.credentials, self._ground.reply_rules)

    async def mail(self, name: str, to: str, by: str) -> ProofCopy:
        """Mail a short test through a relay, as a copy of its list would go: signed, with its envelope and a permit.

        to: empty for the address of who does it. Raises as `log_in`, AddressError, UsageError without an address.
        """
        access = self._relays.access_one(name)
        address = parse_address(to or self._own_address(by))
        edition = self._write(name, access)
        # it goes through this relay whatever lists and domains it is for
        config = access.config.model_copy(update={"lists": (), "domains": (), "weight": 1})
        settings = self._relays.settings({name: replace(access, config=config)})
        composer = make_composer(edition, settings.letterheads[edition.list_name], settings.signers, proof="test")
        delivery = address_sample(sample_delivery(self._ground, edition), address)
        self._begin(name, by, "mail")
        (copy,) = await send_proofs(settings, self._ground.store, [ProofDraft(delivery, composer)])
        return copy

    def _own_address(self, by: str) -> str:
        mine = next((one.email for one in self._people.list() if one.name == by and one.email), "")
        if not mine:
            raise UsageError(
                _("there is nobody to send the test mail to"), field="--to", cure=_("say to which address it goes")
            )
        return mine

    def _begin(self, name: str, by: str, what: str) -> None:
        """Put a test on record before it is made, so that many at once are counted too."""
        subject, now = Subject("relay", name), self._ground.now()
        with self._ground.store.write() as connection:
            actor = self._people.require(by, Right.TEST_RELAYS, connection)
            if audit.count_since(connection, Act.TEST_RELAY, subject, now - WITHIN) >= MOST:
                raise StateError(
                    _("relay {name} was tested {n} times within ten minutes").format(name=name, n=MOST),
                    cure=_("wait some minutes: a provider may close an account that is tried too often"),
                )
            audit.record(connection, actor, Act.TEST_RELAY, subject, now, what=what)

    def _write(self, name: str, access: RelayAccess) -> Edition:
        lists = [one for one in self._ground.config.lists if not access.config.lists or one in access.config.lists]
        if not lists:
            raise UsageError(_("there is no list in config.toml"), cure=_("add a [lists.NAME] table"))
        words = _(
            "This is a test of the relay {name} by {title}. It came here by the way a bulletin would; nothing is to be "
            "done."
        ).format(name=name, title=self._ground.config.sender.name)
        subject = _("Test mail through {name}").format(name=name)
        page = (
            f'<!DOCTYPE html><html lang="{current_language().replace("_", "-")}"><head><meta charset="utf-8">'
            f"<title>{html.escape(subject)}</title></head><body><p>{html.escape(words)}</p></body></html>"
        )
        return freeze_edition(Edition("test", lists[0], current_language(), (subject,), (page,), (words + "\n",)))
