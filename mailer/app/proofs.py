"""Proofs of a house: an issue, approved or not, by mail to staff, as its readers would get it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mailer.app.ground import Ground
from mailer.app.issues import Issues, LoadedIssue
from mailer.app.lists import Lists
from mailer.app.people import People
from mailer.app.relays import Relays
from mailer.app.written import sample_delivery
from mailer.errors import NotFoundError, UsageError
from mailer.i18n import N_, _, say_in
from mailer.mail.message import make_composer
from mailer.model.address import Address, parse_address
from mailer.model.audit import Act, Subject
from mailer.model.delivery import Delivery, IssueStatus, Recipient
from mailer.model.edition import Edition
from mailer.model.issue import Issue
from mailer.model.people import Right
from mailer.model.proof import ProofCopy, ProofOutcome, ProofRecord
from mailer.model.report import Finding
from mailer.publishing.approval import look_at_issue
from mailer.sending.proof import ProofDraft, send_proofs
from mailer.store import audience, audit, issues, proofs

if TYPE_CHECKING:
    from mailer.sending.settings import SendingSettings

MOST_RECIPIENTS = 20  # more are a mailing, which needs an approval
_MARKS = {
    IssueStatus.DRAFT: N_("[Proof, draft] "),
    IssueStatus.SUBMITTED: N_("[Proof, submitted] "),
    IssueStatus.APPROVED: N_("[Proof, approved] "),
}


@dataclass(frozen=True, slots=True)
class Proof:
    """What a proof shows: an issue, where it stands, an edition for each list, what the preflight finds in them."""

    issue: Issue
    status: IssueStatus
    editions: tuple[Edition, ...]
    findings: tuple[Finding, ...]


class Proofs:
    """The proofs of a house."""

    def __init__(self, ground: Ground, issues: Issues, lists: Lists, relays: Relays) -> None:
        self._ground = ground
        self._issues = issues
        self._lists = lists
        self._relays = relays
        self._people = People(ground)

    def prepare(self, name: str, lists: Sequence[str] = ()) -> Proof:
        """Return what a proof of an issue for lists (none: all) shows: the approved editions, else rendered now.

        Raises StateError, TemplateError, IssueError, ConfigError.
        """
        chosen = self._lists.choose(lists)
        loaded = self._issues.read(name)
        status, frozen = self._look_at(loaded, chosen)
        missing = [one for one in chosen if one not in frozen]
        rendered = {one.list_name: one for one in self._issues.render(loaded, missing)} if missing else {}
        editions = tuple({**frozen, **rendered}[one] for one in chosen)
        findings = self._issues.check(loaded.issue, editions)
        return Proof(loaded.issue, status, editions, tuple(findings))

    def _look_at(self, loaded: LoadedIssue, lists: Sequence[str]) -> tuple[IssueStatus, dict[str, Edition]]:
        with self._ground.store.read() as connection:
            status, approval = look_at_issue(connection, loaded.issue.slug, loaded.content.sha256)
            known = approval.editions if approval is not None else {}
            return status, {one: issues.load_edition(connection, known[one]) for one in lists if one in known}

    async def mail(self, proof: Proof, to: Sequence[str], by: str, reader: str = "") -> list[ProofCopy]:
        """Mail every edition of a proof to these addresses (none: [proof] of the settings), recorded as done by `by`.

        reader: a contact whose name, title, organisation and city are filled in; none: a made-up one. Raises
        AddressError, UsageError where there is nobody to mail to or too many, NotFoundError for a reader nobody knows,
        ConfigError for relays that cannot be used.
        """
        self._people.require(by, Right.PROOF)
        addresses = self._addresses(to)
        settings = self._relays.settings()
        values = self._values_of(reader)
        drafts = self._draft(proof, addresses, values, settings)
        shown = [(one.list_name, one.sha256) for one in proof.editions]
        with self._ground.store.write() as connection:
            actor, now = self._people.require(by, Right.PROOF, connection), self._ground.now()
            ids = proofs.record_proof(
                connection, proof.issue.slug, shown, proof.status, actor.name, len(addresses), now
            )
            audit.record(
                connection, actor, Act.PROOF, Subject("issue", proof.issue.slug), now,
                status=proof.status.value, editions=dict(shown), copies=len(addresses) * len(shown),
            )  # fmt: skip
        copies = await send_proofs(settings, self._ground.store, drafts)
        with self._ground.store.write() as connection:
            for name, number in ids.items():
                mine = [one for one in copies if one.list_name == name]
                accepted = [one for one in mine if one.outcome is ProofOutcome.ACCEPTED]
                telling = next((one for one in mine if one.outcome is not ProofOutcome.ACCEPTED), mine[-1])
                proofs.finish_proof(connection, number, len(accepted), telling.reply)
        return copies

    def _addresses(self, to: Sequence[str]) -> list[Address]:
        wanted = {one.key: one for one in map(parse_address, to or self._ground.config.proof.to)}
        if not wanted:
            raise UsageError(
                _("there is nobody to send a proof to"),
                field="--to",
                cure=_("say --to ADDR, or set `to` under [proof] in config.toml"),
            )
        if len(wanted) > MOST_RECIPIENTS:
            raise UsageError(
                _("a proof goes to {n} addresses at most").format(n=MOST_RECIPIENTS),
                field="--to",
                cure=_("what goes to more is a mailing: approve it and `mailer send` it to a list"),
            )
        return list(wanted.values())

    def _values_of(self, reader: str) -> Recipient | None:
        if not reader:
            return None
        address = parse_address(reader)
        with self._ground.store.read() as connection:
            found = audience.find_contact(connection, address.key)
        if found is None:
            raise NotFoundError(
                _("no contact has the address {address}").format(address=address.text),
                field="--for",
                cure=_("`mailer lists sync` reads the sheets; or leave --for out for a made-up reader"),
            )
        return Recipient(found.address, found.name, found.title, found.organisation, found.city)

    def _draft(
        self,
        proof: Proof,
        addresses: Sequence[Address],
        values: Recipient | None,
        settings: "SendingSettings",
    ) -> list[ProofDraft]:
        drafts = []
        for edition in proof.editions:
            mark = say_in(edition.language, _MARKS[proof.status])
            composer = make_composer(
                replace(edition, subject=(mark, *edition.subject)),
                settings.letterheads[edition.list_name],
                settings.signers,
                proof=proof.status.value,
            )
            sample = sample_delivery(self._ground, edition)
            drafts += [ProofDraft(address_sample(sample, one, values), composer) for one in addresses]
        return drafts

    def sent(self, slug: str) -> tuple[ProofRecord, ...]:
        """Return the newest proofs of an issue first."""
        with self._ground.store.read() as connection:
            return proofs.list_proofs(connection, slug)


def address_sample(sample: Delivery, address: Address, values: Recipient | None = None) -> Delivery:
    """Return the sample as a copy to a member of staff.

    Its tokens stay those of delivery 0, which no reader has: its links change and count nothing. Its Message-ID is its
    own, as a mail server may drop what looks like one it has.
    """
    domain = sample.message_id.rpartition("@")[2]
    return replace(
        sample,
        recipient=replace(values or sample.recipient, address=address.text),
        domain=address.domain,
        message_id=f"<proof.{secrets.token_hex(16)}@{domain}",  # its bracket is the sample's
    )
