"""Looks at who sends and how readers leave: the relay must let us be the sender, and every part names a way out."""

from mailer.config import Config, RelayConfig
from mailer.i18n import _
from mailer.model.edition import Edition, Segment, Slot
from mailer.model.issue import Archive, Issue
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import issue_place, list_place

WAYS_OUT = frozenset({"links.unsubscribe", "links.unsubscribe_mail"})
# their SMTP takes only the login's own address: 553 Mail from must equal authorized user; 501 mail from address …
INSISTING = ("163.com", "126.com", "yeah.net", "188.com", "qq.com", "foxmail.com", "aliyun.com", "mxhichina.com")


def check_way_out(edition: Edition) -> list[Finding]:
    """Return an error for each part that names no way to leave the list."""
    parts: tuple[tuple[str, tuple[Segment, ...]], ...] = (("HTML", edition.html), (_("text"), edition.text))
    return [
        Finding(
            Severity.ERROR,
            list_place(part, edition.list_name),
            _("readers find no way to leave the list here"),
            _("put {{ links.unsubscribe }} or {{ links.unsubscribe_mail }} into the template of this part"),
        )
        for part, segments in parts
        if not any(isinstance(segment, Slot) and segment.name in WAYS_OUT for segment in segments)
    ]


def check_sender(config: Config) -> list[Finding]:
    """Return an error for each relay that will not let us send as [sender] address, or bend the envelope sender."""
    found: list[Finding] = []
    address = config.sender.address.lower()
    for name, relay in config.relays.items():
        place = f"config.toml: relays.{name}"
        login = relay.username.lower() if "@" in relay.username else ""
        insists = _insists(relay)
        if (insists and login and address != login) or not _allows(relay, address):
            allowed = _(", ").join(relay.senders) if relay.senders and not insists else relay.username
            found.append(
                Finding(
                    Severity.ERROR,
                    place,
                    _("this relay does not let us send as {address}, only as {allowed}").format(
                        address=config.sender.address, allowed=allowed
                    ),
                    _("set [sender] address to it (answers may go elsewhere: reply_to), or use another relay"),
                )
            )
        if insists and relay.envelope:
            found.append(
                Finding(
                    Severity.ERROR,
                    f"{place}.envelope",
                    _("{host} takes no envelope sender but the login’s own address").format(host=relay.host),
                    _("leave `envelope` empty; bounces are then told by their Message-ID"),
                )
            )
    return found


def _insists(relay: RelayConfig) -> bool:
    host = relay.host.lower().rstrip(".")
    return any(host == known or host.endswith(f".{known}") for known in INSISTING)


def _allows(relay: RelayConfig, address: str) -> bool:
    if not relay.senders:
        return "@" not in relay.username or address == relay.username.lower()
    domain = "@" + address.rpartition("@")[2]
    return any(one.lower() in (address, domain) for one in relay.senders)


def check_web(issue: Issue, config: Config) -> list[Finding]:
    """Return what does not work, or not as the issue wants it, without public_url; and files nobody gets."""
    found: list[Finding] = []
    if not config.public_url:
        found.append(
            Finding(
                Severity.NOTE,
                "config.toml",
                _("public_url is empty: the mail has no web links, and readers leave the list by mail"),
                _("set public_url once readers can reach a page of yours"),
            )
        )
        if issue.archive is not Archive.OFF:
            found.append(
                Finding(
                    Severity.WARNING,
                    issue_place(issue, "archive"),
                    _("there is no web page of this issue: public_url is empty"),
                    _("set public_url in config.toml, or write `archive: off`"),
                )
            )
    elif config.public_url.startswith("http://"):
        found.append(
            Finding(
                Severity.WARNING,
                "config.toml",
                _("public_url is http: the mail has no one-click unsubscribe, and what readers do can be overheard"),
                _("put the pages behind a certificate and write https:// in public_url"),
            )
        )
    if issue.shorten and (not config.public_url or issue.archive is Archive.OFF):
        found.append(
            Finding(
                Severity.WARNING,
                issue_place(issue, "shorten"),
                _("nothing is shortened: there is no web page on which an article could go on"),
                _("set public_url in config.toml and `archive: members` here, or take `shorten` out"),
            )
        )
    if issue.attachments and not any("files" in one.attachments for one in config.lists.values()):
        found.append(
            Finding(
                Severity.WARNING,
                issue_place(issue, "attachments"),
                _("no list takes the attachments of the issue"),
                _('write attachments = ["files"] in config.toml under [lists.…], or leave them out here'),
            )
        )
    return found
