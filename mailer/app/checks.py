"""The preflight of a house's issues: gathers what it must know of other issues and of today, and runs it."""

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from pathlib import Path

from mailer.app.ground import Ground
from mailer.app.written import sample_delivery
from mailer.errors import MailerError
from mailer.i18n import _
from mailer.mail.message import compose_message, make_letterhead
from mailer.model.edition import Edition
from mailer.model.issue import Issue
from mailer.model.numbering import IssueNumber
from mailer.model.report import Finding
from mailer.sources.front_matter import read_masthead
from mailer.sources.issue_files import ISSUE_FILE
from mailer.store import audience, issues

RECENT = 24  # folders whose numbers are read anew: two years of a monthly bulletin; the database knows the older ones


def find_findings(ground: Ground, issue: Issue, editions: Sequence[Edition]) -> list[Finding]:
    """Return what the preflight finds in an issue and its editions, each once, the gravest first.

    The same input gives the same findings: no network, no program of the machine. Approval stands on these.
    """
    from mailer.rendering.environment import read_templates  # slow to load, and most commands do not check
    from mailer.rendering.preflight import check_edition, check_issue, check_theme, sort_findings

    found = check_issue(issue, ground.config, known_numbers(ground), _today(ground))
    for edition in editions:
        found += check_edition(edition, issue, ground.config, _longest_values(ground, edition.list_name))
    return sort_findings([*found, *check_theme(read_templates(ground.templates).theme)])


def _longest_values(ground: Ground, list_name: str) -> dict[str, str]:
    if not ground.has_database:
        return {}
    with ground.store.read() as connection:
        return {f"recipient.{name}": value for name, value in audience.longest_values(connection, list_name).items()}


def _today(ground: Ground) -> date:
    return ground.now().astimezone(ground.config.zone).date()


def known_numbers(ground: Ground) -> list[IssueNumber]:
    """Return how the house's issues are counted: by their folders, else by what the database recorded.

    A folder whose masthead cannot be read counts as it was recorded; its own check will say what is wrong with it.
    """
    known: dict[str, IssueNumber] = {}
    if ground.has_database:
        with ground.store.read() as connection:
            known = {one.slug: one for one in issues.issue_numbers(connection)}
    folders = sorted((path.parent for path in ground.home.glob("issues/*/issue.md")), key=lambda path: path.name)
    for folder in folders[-RECENT:]:
        try:
            found = (folder / ISSUE_FILE).stat()
        except OSError:
            continue
        number = _number_of(folder, found.st_mtime_ns, found.st_size)
        if number is not None:
            known[number.slug] = number
    return list(known.values())


@lru_cache(maxsize=256)
def _number_of(folder: Path, _changed_ns: int, _size: int) -> IssueNumber | None:
    """Return how a folder's issue is counted, None where its masthead cannot be read; once for each state of it."""
    try:
        masthead = read_masthead(folder / ISSUE_FILE)
    except MailerError:
        return None
    return IssueNumber(
        folder.name, masthead.year, masthead.number, masthead.total, masthead.date, masthead.supplement
    )  # fmt: skip


class Checks:
    """What a check adds to the preflight when a person asks for it: programs and servers that may answer otherwise."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    def ask_spam_filter(self, editions: Sequence[Edition]) -> list[Finding]:
        """Return what SpamAssassin says of an edition as a made-up reader gets it; nothing where it is absent.

        One edition of each template is asked about: it takes a second or two, and they say the same.
        """
        from mailer.ops.spam import score_message, spam_findings

        lists = self._ground.config.lists
        distinct = {lists[edition.list_name].template: edition for edition in reversed(editions)}
        found: list[Finding] = []
        for edition in distinct.values():
            place = _("message for {list}").format(list=edition.list_name)
            found += spam_findings(score_message(self._compose(edition)), place)
        return found

    def _compose(self, edition: Edition) -> bytes:
        letterhead = make_letterhead(self._ground.config, edition.list_name, self._ground.secret)
        return compose_message(edition, sample_delivery(self._ground, edition), letterhead)

    def follow_links(self, issue: Issue, progress: Callable[[int, int], None] | None = None) -> list[Finding]:
        """Follow the issue's links over the network and return what is wrong with them."""
        from mailer.ops.links import check_links_online
        from mailer.rendering.preflight import gather_links

        return check_links_online(gather_links(issue), progress)
