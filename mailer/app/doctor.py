"""The doctor: what of a house should have a person look at it, from its settings to its machine and the DNS."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mailer.app.ground import Ground
from mailer.app.lists import Lists
from mailer.app.notices import Notices
from mailer.app.people import People
from mailer.app.relays import Relays
from mailer.app.signing import Signing
from mailer.app.timetable import Timetable
from mailer.config import (
    FILE_NAME,
    Config,
    load_config,
    read_client_secret,
    read_mailbox_password,
    read_webhook_key,
)
from mailer.errors import ConfigError, MailerError, NotFoundError
from mailer.i18n import _
from mailer.model.address import is_provider
from mailer.model.report import Finding, Severity
from mailer.ops import doctor
from mailer.store import health
from mailer.store.house import read_identity

if TYPE_CHECKING:
    from mailer.ops.dns_records import Ask

HERE = ("127.0.0.1", "::1", "localhost")
_ORDER = list(Severity)


class Doctor:
    """Looks a house over; nothing is changed, and nothing that is not there is made."""

    def __init__(
        self,
        ground: Ground,
        people: People,
        lists: Lists,
        relays: Relays,
        notices: Notices,
        signing: Signing,
        timetable: Timetable,
    ) -> None:
        self._ground = ground
        self._people = people
        self._lists = lists
        self._relays = relays
        self._notices = notices
        self._signing = signing
        self._timetable = timetable

    def examine(self, *, thorough: bool = False, online: bool = False, ask: "Ask | None" = None) -> list[Finding]:
        """Return what should be looked at, the gravest first.

        thorough: also what takes seconds: sheets, templates, the whole database. online: also the DNS and hosts, which
        the network is asked for. ask: how TXT records are asked for; None: as this machine does.
        """
        ground = self._ground
        parts: list[Callable[[], Iterable[Finding]]] = [self._machine]
        try:
            config = ground.config
        except ConfigError as error:
            found = [_tell(error), *self._machine()]
            return sorted(found, key=lambda one: _ORDER.index(one.severity))
        except NotFoundError as error:  # there is no newsletter here to look over
            return [_tell(error)]
        parts += [self._settings, lambda: self._secrets(config), lambda: self._advice(config)]
        if not ground.has_database:
            parts.append(_no_database)
        else:
            parts += [self._house, self._people_here, self._clock]
            if thorough:
                parts.append(self._database)
        if thorough:
            parts += [self._sheets, self._templates, self._print]
            parts.append(lambda: doctor.look_at_zone(config.zone, ground.now()))
        if online:
            parts.append(lambda: self._network(config, ask))
        found = [one for part in parts for one in _each(part)]
        return sorted(dict.fromkeys(found), key=lambda one: _ORDER.index(one.severity))

    def _machine(self) -> Iterator[Finding]:
        ground = self._ground
        yield from doctor.look_at_folders([ground.var, ground.home / "issues"])
        private = [ground.var / name for name in ("secret.json", "mailer.db", "mailer.db-wal")]
        yield from doctor.look_at_privacy(private)
        yield from doctor.look_at_folder_privacy(ground.var)
        yield from doctor.look_at_room(ground.var)

    def _settings(self) -> Iterator[Finding]:
        """Find settings that cannot be read any more, or have changed since this program read them."""
        if load_config(self._ground.home) != self._ground.config:
            yield Finding(
                Severity.WARNING,
                FILE_NAME,
                _("The settings have changed since this program read them."),
                _("Start `mailer serve` again."),
            )

    def _secrets(self, config: Config) -> Iterator[Finding]:
        """Find passwords, keys and addresses of channels that cannot be had, or that others may read."""
        home = self._ground.home
        wanted: list[Callable[[], object]] = [self._relays.access, self._notices.channels, self._signing.keys]
        wanted += [lambda: self._ground.working_days, lambda: self._ground.reply_rules]
        if config.bounces.imap_host:
            wanted.append(lambda: read_mailbox_password(config.bounces, home))
        for name, hook in config.webhooks.items():
            wanted.append(lambda name=name, hook=hook: read_webhook_key(name, hook, home))  # type: ignore[misc]
        if (oidc := config.console.oidc) is not None:
            wanted.append(lambda: read_client_secret(oidc, home))
        for one in wanted:
            yield from _attempt(one)

    def _advice(self, config: Config) -> Iterator[Finding]:
        """Tell what the settings leave out, and what that means."""
        yield from _look_at_public_url(config.public_url)
        if not (config.bounces.imap_host or config.bounces.maildir):
            text, cure = _("Returned mail is not read."), _("Set imap_host or maildir in [bounces].")
            yield Finding(Severity.WARNING, "[bounces]", text, cure)
        if not config.dkim and not is_provider(config.sender.domain):
            yield Finding(
                Severity.WARNING,
                "[dkim]",
                _("Mail is not signed (DKIM)."),
                _("`mailer dkim create` makes keys; not for a 163 or QQ mailbox."),
            )
        yield from _look_at_ports(config)
        if not config.console.url and config.console.host not in HERE:
            yield Finding(
                Severity.ERROR,
                "[console]",
                _("The console is open to the network without console.url, so without TLS."),
                _("Put a TLS proxy before it and set console.url."),
            )

    def _house(self) -> Iterator[Finding]:
        """Find a house that sends nothing until a person has looked, or relays that wait for one."""
        yield from _attempt(self._ground.identity.require)
        for one in self._relays.standing().relays:
            if one.stopped:
                yield Finding(
                    Severity.ERROR,
                    _("relay {name}").format(name=one.name),
                    _("It is stopped: {reason}").format(reason=one.reason or "–"),
                    _("Mend what it complains of, then let it be tried again (page Relays, or `mailer resume`)."),
                )

    def _people_here(self) -> Iterator[Finding]:
        if len(self._people.list()) < 2 and self._ground.config.approval.rules.four_eyes:
            text = _("Two pairs of eyes are asked for, and there is one user.")
            yield Finding(Severity.WARNING, "[approval]", text, _("`mailer user add NAME`"))

    def _clock(self) -> Iterator[Finding]:
        ground = self._ground
        with ground.store.read() as connection:
            seen_at = read_identity(connection).clock_seen_at
        yield from doctor.look_at_clock(seen_at, ground.now())
        missed = self._timetable.missed()
        if missed is not None:
            when = f"{missed.due_at.astimezone(ground.config.zone):%Y-%m-%d %H:%M}"
            yield Finding(
                Severity.ERROR,
                missed.schedule or _("mailing {n}").format(n=missed.mailing_id),
                _("No clock was seen running; what is due {when} would not go out.").format(when=when),
                _("Start `mailer serve`, best as a service (`mailer serve --print-unit`)."),
            )

    def _database(self) -> Iterator[Finding]:
        with self._ground.store.read() as connection:
            for fault in health.find_faults(connection):
                yield Finding(
                    Severity.ERROR,
                    str(self._ground.var / "mailer.db"),
                    _("The database is damaged: {why}").format(why=fault),
                    _("Stop everything, keep the file, and put a copy of the whole folder back (docs/restoring.md)."),
                )

    def _sheets(self) -> Iterator[Finding]:
        for error in self._lists.find_sheet_faults():
            yield _tell(error)

    def _templates(self) -> Iterator[Finding]:
        from mailer.rendering.template_check import find_template_faults  # slow to load, as is what prints

        for error in find_template_faults(self._ground.templates):
            yield _tell(error)

    def _print(self) -> Iterator[Finding]:
        from mailer.rendering.pdf import load_weasyprint

        yield from _attempt(load_weasyprint)
        yield from doctor.look_at_fonts()

    def _network(self, config: Config, ask: "Ask | None") -> Iterator[Finding]:
        from mailer.ops import dns_records  # slow to load, and only this needs it

        for name, relay in config.relays.items():
            yield from dns_records.look_at_host(f"[relays.{name}]", relay.host)
            yield from dns_records.look_at_port(f"[relays.{name}]", relay.host, relay.port)
        if config.bounces.imap_host:
            yield from dns_records.look_at_host("[bounces]", config.bounces.imap_host)
        if host := urlsplit(config.public_url).hostname:
            yield from dns_records.look_at_host("public_url", host)
        try:
            yield from self._records(config, ask or dns_records.ask_texts)
        except dns_records.DnsUnansweredError as error:
            yield Finding(
                Severity.WARNING,
                "DNS",
                _("The name servers gave no answer: {why}").format(why=error),
                _("See that this machine may ask them, and try again."),
            )

    def _records(self, config: Config, ask: "Ask") -> Iterator[Finding]:
        from mailer.ops import dns_records

        envelopes = {one.envelope.partition("@")[2] or _login_domain(one.username) for one in config.relays.values()}
        for domain in sorted({one or config.sender.domain for one in envelopes}):
            if not is_provider(domain):
                yield from dns_records.look_at_spf(domain, ask)
        if config.dkim:
            try:
                keys = self._signing.keys()
            except MailerError:
                keys = ()  # _secrets tells it
            yield from dns_records.look_at_dkim([one.record for one in keys], ask)
        if not is_provider(config.sender.domain):
            yield from dns_records.look_at_dmarc(config.sender.domain, ask)


def _login_domain(username: str) -> str:
    return username.partition("@")[2].lower()


def _no_database() -> Iterator[Finding]:
    text = _("Nothing has been sent from this folder yet: there is no database.")
    yield Finding(Severity.NOTE, "var", text, _("The first command that needs it makes it."))


def _look_at_ports(config: Config) -> Iterator[Finding]:
    """Find ports of our own that are one and the same, and ports of relays that go with another `security`."""
    web, console = config.web, config.console
    same_host = web.host == console.host or {web.host, console.host} & {"0.0.0.0", "::"}  # noqa: S104 - compared only
    if config.public_url and web.port and web.port == console.port and same_host:
        yield Finding(
            Severity.ERROR,
            "[web]",
            _("The public pages and the console are to listen on the same port, {port}.").format(port=web.port),
            _("Write another port in [web] or in [console], and in the proxy before it."),
        )
    for name, relay in config.relays.items():
        usual = {25: ("starttls", "none"), 587: ("starttls", "none"), 465: ("tls",)}.get(relay.port)
        if usual is not None and relay.security not in usual:
            yield Finding(
                Severity.WARNING,
                f"[relays.{name}]",
                _("Port {port} does not go with security = {security}.").format(
                    port=relay.port, security=f'"{relay.security}"'
                ),
                _('Port 465 goes with "tls", ports 587 and 25 with "starttls"; the relay\'s operator tells which.'),
            )


def _look_at_public_url(public_url: str) -> Iterator[Finding]:
    if not public_url:
        yield Finding(
            Severity.NOTE,
            "public_url",
            _("There is no public_url: no opens, clicks, archive or one-click unsubscribe by the web."),
            _("Readers leave by mail. Set public_url where readers can reach this machine."),
        )
        return
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        yield Finding(
            Severity.WARNING,
            "public_url",
            _("It is not https, so there is no one-click unsubscribe, which large providers ask for."),
            _("Put a TLS proxy before it, and write https."),
        )
    if host in HERE or host.endswith((".local", ".lan", ".internal", ".localhost")) or "." not in host:
        yield Finding(
            Severity.ERROR,
            "public_url",
            _("{host} is a name that readers elsewhere cannot reach.").format(host=host or "–"),
            _("Write the name under which the world reaches this machine, or leave public_url empty."),
        )


def _each(part: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what a part finds; an error that ends it is a finding itself."""
    try:
        yield from part()
    except MailerError as error:
        yield _tell(error)
    except OSError as error:
        yield Finding(Severity.ERROR, str(error.filename or ""), error.strerror or str(error))


def _attempt(act: Callable[[], object]) -> Iterator[Finding]:
    try:
        act()
    except MailerError as error:
        yield _tell(error)


def _tell(error: MailerError) -> Finding:
    place = ": ".join(part for part in (error.place, error.field or "") if part)
    return Finding(Severity.ERROR, place or Path(FILE_NAME).name, error.message, error.cure)
