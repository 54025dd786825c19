"""Every pair of what a database and a machine may say, and what it means."""

from datetime import UTC, datetime

import pytest

from mailer.model.identity import HouseIdentity, Remembered, Verdict, judge_identity

AT = datetime(2020, 7, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    ("database", "file", "verdict"),
    [
        (("", 0), None, Verdict.NEW),
        (("a", 0), None, Verdict.NEW),  # cut short before the file
        (("", 0), ("a", 0), Verdict.NEW),  # cut short; then the database, which had sent nothing, was made anew
        (("b", 0), ("a", 0), Verdict.NEW),
        (("a", 0), ("a", 0), Verdict.NEW),  # cut short between the two
        (("a", 1), ("a", 0), Verdict.SAME),
        (("a", 7), ("a", 7), Verdict.SAME),
        (("a", 8), ("a", 7), Verdict.SAME),  # a crash between the two writes
        (("a", 900), ("a", 7), Verdict.SAME),  # another machine on the same PostgreSQL counted meanwhile
        (("a", 6), ("a", 7), Verdict.OLDER),
        (("a", 0), ("a", 7), Verdict.OLDER),
        (("a", 1), None, Verdict.ELSEWHERE),
        (("", 0), ("a", 7), Verdict.FRESH),
        (("b", 7), ("a", 7), Verdict.OTHER),
        (("b", 9), ("a", 0), Verdict.OTHER),
        (("b", 0), ("a", 7), Verdict.OTHER),
    ],
)
def test_what_the_two_sides_say(database: tuple[str, int], file: tuple[str, int] | None, verdict: Verdict) -> None:
    known = HouseIdentity(*database)
    assert judge_identity(known, Remembered(*file, AT) if file else None) is verdict
    assert verdict.may_send == (verdict in {Verdict.NEW, Verdict.SAME})
