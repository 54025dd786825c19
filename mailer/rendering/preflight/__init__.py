"""Preflight: what a person should know before an issue goes out. Findings only; nothing is changed or fetched here.

An error blocks approval, a warning asks for a look, a note informs. What must be known of the outside (other issues'
numbers, today, the longest values of the lists) is handed in.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from types import MappingProxyType

from mailer.config import Config
from mailer.model.edition import Edition
from mailer.model.issue import Issue, Table
from mailer.model.numbering import IssueNumber
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.accessibility import check_accessibility, check_theme
from mailer.rendering.preflight.addresses import check_addresses
from mailer.rendering.preflight.correction import check_correction, check_notice
from mailer.rendering.preflight.dates import check_dates
from mailer.rendering.preflight.gaps import check_gaps
from mailer.rendering.preflight.links import check_links, gather_links
from mailer.rendering.preflight.numbering import check_numbering
from mailer.rendering.preflight.parity import check_parity
from mailer.rendering.preflight.pictures import check_pictures
from mailer.rendering.preflight.placeholders import check_placeholders
from mailer.rendering.preflight.places import placed_blocks
from mailer.rendering.preflight.secrecy import check_secrecy
from mailer.rendering.preflight.sender import check_sender, check_way_out, check_web
from mailer.rendering.preflight.size import LONGEST, check_size, check_weight
from mailer.rendering.preflight.subject import check_advertising, check_subject
from mailer.rendering.preflight.totals import check_totals

__all__ = ["check_edition", "check_issue", "check_theme", "gather_links", "sort_findings"]

_READER = dict.fromkeys(LONGEST, "某某某")
_NO_VALUES: Mapping[str, str] = MappingProxyType({})


def check_issue(issue: Issue, config: Config, others: Collection[IssueNumber], today: date) -> list[Finding]:
    """Return the findings on what the editors wrote and on the settings, whatever it looks like in the end."""
    return [
        *check_placeholders(issue),
        *check_gaps(issue),
        *check_secrecy(issue),
        *check_numbering(issue, others),
        *check_correction(issue, others),
        *check_dates(issue, today),
        *(
            finding
            for place, block in placed_blocks(issue)
            if isinstance(block, Table)
            for finding in check_totals(block, place)
        ),
        *check_links(issue),
        *check_pictures(issue),
        *check_sender(config),
        *check_web(issue, config),
    ]


def check_edition(
    edition: Edition, issue: Issue, config: Config, longest: Mapping[str, str] = _NO_VALUES
) -> list[Finding]:
    """Return the findings on one list's edition; `longest` holds its readers' longest values, where they are known."""
    return [
        *check_way_out(edition),
        *check_addresses(edition, config),
        *check_subject(edition, _READER),
        *check_advertising(edition, issue, _READER),
        *check_size(edition, issue, config, longest),
        *check_weight(edition),
        *check_parity(edition, issue, config),
        *check_notice(edition, issue),
        *check_accessibility(edition),
    ]


def sort_findings(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings, each once, the gravest first."""
    order = list(Severity)
    return sorted(dict.fromkeys(findings), key=lambda finding: order.index(finding.severity))
