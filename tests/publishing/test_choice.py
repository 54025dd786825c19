"""Which issue a due date is about."""

from datetime import date

import pytest

from mailer.model.numbering import IssueNumber, Term
from mailer.publishing.choice import choose_issue

TERM = Term(date(2020, 7, 31), date(2020, 8, 31), whole_month=True)
JULY = IssueNumber("2020-07", 2020, 7, 113, date(2020, 7, 31))
AUGUST = IssueNumber("2020-08", 2020, 8, 114, date(2020, 8, 31))
EARLY = IssueNumber("early", 2020, 8, 114, date(2020, 8, 3))
SPECIAL = IssueNumber("special", 2020, 1, None, date(2020, 8, 15), "增刊")
GONE = IssueNumber("gone", 2020, 8, 114, date(2020, 8, 30), folder=False)
KNOWN = [JULY, AUGUST, EARLY, SPECIAL, GONE]
PRESENT = {"2020-07", "2020-08", "early", "special", "unreadable"}


@pytest.mark.parametrize(
    ("mailed", "opened", "approved", "chosen"),
    [
        ((), "", None, "2020-08"),
        (("2020-08",), "", None, "early"),
        (("2020-08", "early"), "", None, None),  # neither a supplement nor one whose folder is gone
        ((), "early", "2020-08", "early"),
        (("early",), "early", "2020-08", "early"),  # mailed by hand: nothing else goes in its place
        ((), "unreadable", None, "unreadable"),
        ((), "deleted", None, "2020-08"),
        ((), "", "early", "early"),
        ((), "", "2020-07", "2020-08"),  # a leftover yields to the month's own
        (("2020-08", "early"), "", "2020-07", "2020-07"),
        (("2020-08", "early"), "", "special", "special"),
        ((), "", "gone", "gone"),
    ],
)
def test_which_issue(mailed: tuple[str, ...], opened: str, approved: str | None, chosen: str | None) -> None:
    assert choose_issue(KNOWN, PRESENT, TERM, mailed, opened, approved) == chosen
