"""Three years of months pass, with what happens in an office: each issue goes out once, or is held and said so."""

import shutil
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

from mailer.model.delivery import MailingStatus
from mailer.model.issue import Table
from mailer.scheduling.calendar import working_calendar
from mailer.sources.issue_folder import load_issue
from tests.flow.month import APPROVER, EDITOR, READERS, SCHEDULE, STAFF, TABLE, ZONE, Office
from tests.relay import Relay

# months in which something happens; in all others the issue is approved the day before
EARLY = (2020, 6)  # approved four working days before
CHANGED, UNAPPROVED = (2020, 4), (2020, 9)  # after its approval; by its time
DOWN_SHORT, DOWN_LONG = (2021, 3), (2021, 6)  # no clock for ten minutes, and for three days
HELD = {CHANGED: "changed after its approval", UNAPPROVED: "is not approved", DOWN_LONG: "its time was missed"}
# from the State Council's notices: Spring Festival in January, worked weekends, a National Day that begins early
KNOWN = {(2020, 1): 23, (2020, 9): 30, (2021, 2): 26, (2021, 4): 30, (2022, 1): 30, (2022, 4): 29}
MONTHS = [(number // 12, number % 12 + 1) for number in range(2019 * 12 + 11, 2022 * 12 + 11)]


def slug_of(month: tuple[int, int]) -> str:
    return f"{month[0]}-{month[1]:02d}"


def working_before(day: date, count: int) -> date:
    while count:
        day -= timedelta(days=1)
        count -= working_calendar("CN").is_working_day(day)
    return day


def play_month(office: Office, month: tuple[int, int], start: date, due: date) -> date:
    """Let a month pass up to its due date or, where there was no clock, to when there is one again: that day."""
    slug = slug_of(month)
    eve, fourth = working_before(due, 1), working_before(due, 4)
    office.pass_days(start, fourth)
    office.write_over(slug)
    if month == EARLY:
        office.house.approvals.approve(slug, "主编")
    office.pass_days(fourth, eve)
    office.pass_days(eve, eve + timedelta(days=1))
    if month not in (EARLY, UNAPPROVED):
        office.house.approvals.approve(slug, "主编")
    if month == CHANGED:
        office.file(slug).write_text(office.file(slug).read_text("utf-8") + "\n补一句。\n", "utf-8")
    office.pass_days(eve + timedelta(days=1), due)
    if month == DOWN_LONG:
        due += timedelta(days=3)
        office.on(due, 10)
    else:
        for hour, minute in ((9, 59), (10, 10)) if month == DOWN_SHORT else ((9, 59), (10, 0), (10, 1)):
            office.on(due, hour, minute)
    office.deliver()
    return due


def test_three_years_of_months(tmp_path: Path, relay: Relay) -> None:
    """Every month is opened, written, approved, really delivered to three readers and told of to two of the staff."""
    kept = '[retention]\nlogs = ""\n'  # the notices of all years are counted at the end
    extra = f'{SCHEDULE}remind = [3]\nopen_before = "10 working days"\n{STAFF}{kept}'
    start = date(2019, 11, 29)
    office = Office.make(tmp_path / "news", relay, datetime(2019, 11, 29, 11, 0, tzinfo=ZONE), extra)
    shutil.rmtree(office.file("2020-07").parent)
    office.put_issue("2019-11", start, 11, 105, f"正文。\n\n## 11月统计\n\n正文。\n\n{TABLE.replace('7月', '11月')}")
    office.house.timetable.tick()
    done = start
    for month in MONTHS:
        due = working_calendar("CN").nth_working_day(*month, -1)
        assert due is not None
        assert due.day == KNOWN.get(month, due.day)
        before = len(office.mailings())
        done = play_month(office, month, done + timedelta(days=1), due)
        mailing = office.mailings()[-1]
        assert len(office.mailings()) == before + 1, "one a month"
        assert (mailing.issue_slug, mailing.scheduled_at) == (
            slug_of(month),
            datetime(*month, due.day, 10, tzinfo=ZONE),
        )
        if month in HELD:
            assert mailing.status is MailingStatus.HELD
            assert HELD[month] in mailing.reason
            assert office.notices()[-1] == f"Held: mailing {mailing.id} of issue {mailing.issue_slug}"
            if month != DOWN_LONG:
                office.house.approvals.approve(mailing.issue_slug, "主编")
            assert office.house.mailings.resume(str(mailing.id)).status is MailingStatus.RUNNING
            office.deliver()
        assert office.house.mailings.get(str(mailing.id)).status is MailingStatus.FINISHED
    check_numbers(office)
    check_mail(office)
    office.close()


def check_numbers(office: Office) -> None:
    for total, (year, month) in enumerate(MONTHS, 106):
        issue = load_issue(office.file(slug_of((year, month))).parent)
        masthead = issue.masthead
        assert (masthead.year, masthead.number, masthead.total) == (year, month, total), "1 again in January"
        (table,) = [one for one in issue.sections[0].articles[-1].blocks if isinstance(one, Table)]
        assert table.head[0].cells[1].text == f"{month}月当月数", "counted on; in January the mark asked"


def check_mail(office: Office) -> None:
    for address in READERS:
        copies = office.copies_of(address)
        assert len(copies) == len(set(copies)) == len(MONTHS), "each issue once to each reader"
    said = Counter(step.split()[0] + " " + result.split()[0] for _at, step, result in office.steps())
    assert said == {"open opened": 36, "remind reminded": 36 - 1, "remind not": 1}, "approved early: one less"
    # opened, reminded, gone out; three were held first
    assert len(set(office.copies_of(EDITOR))) == len(office.copies_of(EDITOR)) == len(office.notices())
    assert len(office.notices()) == 36 + 35 + 36 + 3
    # what is written waits for them: three working days before; once approved nothing does
    assert len(office.copies_of(APPROVER)) == 36 - 1 + 3


def test_spring_festival_of_2026_moves_what_comes_before_it_too(tmp_path: Path, relay: Relay) -> None:
    """2026-02-28 is a Saturday worked for the festival; the tenth working day before is 9 February."""
    extra = f'{SCHEDULE}open_before = "10 working days"\n{STAFF}'
    office = Office.make(tmp_path / "news", relay, datetime(2026, 2, 1, 12, 0, tzinfo=ZONE), extra)
    shutil.rmtree(office.file("2020-07").parent)
    office.put_issue("2026-01", date(2026, 1, 30), 1, 179)
    office.pass_days(date(2026, 2, 2), date(2026, 2, 28))
    assert [(step, at) for _due, step, at in steps_with_days(office)] == [
        ("open", "2026-02-09"), ("remind 5", "2026-02-14"), ("remind 3", "2026-02-25"), ("remind 1", "2026-02-27"),
    ]  # fmt: skip
    office.write_over("2026-02")
    office.house.approvals.approve("2026-02", "主编")
    office.on(date(2026, 2, 28), 10)
    (mailing,) = office.mailings()
    assert (mailing.issue_slug, mailing.status) == ("2026-02", MailingStatus.RUNNING)
    office.close()


def steps_with_days(office: Office) -> list[tuple[str, str, str]]:
    return [(due, step, f"{done_at.astimezone(ZONE):%Y-%m-%d}") for due, step, done_at in office.steps_done()]
