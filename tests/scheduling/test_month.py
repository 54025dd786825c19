"""The steps before a due date fall on working days; the next issue's date is the next due date without one."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from mailer.config import Config, Lead, parse_lead
from mailer.model.numbering import IssueNumber
from mailer.scheduling.calendar import working_calendar
from mailer.scheduling.month import find_steps, local_name, next_issue_date, term_of

ZONE = ZoneInfo("Asia/Shanghai")

CHINA = working_calendar("CN")


def make_config(**schedule: object) -> Config:
    monthly = {"when": "last working day", "at": "10:00"} | schedule
    return Config.model_validate(
        {
            "sender": {"name": "某协会", "address": "bulletin@zsia.example"},
            "lists": {"members": {"title": "会员", "role": "送", "file": "members.csv"}},
            "schedule": {"monthly": monthly} if schedule.get("when", "x") else {},
        }
    )


def names_at(config: Config, *moment: int) -> list[str]:
    return [f"{local_name(one.due_at)} {one.name}" for one in find_steps(config, datetime(*moment, tzinfo=ZONE), CHINA)]  # type: ignore[misc,arg-type]


def test_steps_come_at_their_time_and_go_when_they_are_of_no_use() -> None:
    config = make_config(open_before="10 working days")
    assert names_at(config, 2020, 1, 10, 8, 59) == []
    # ten working days before 23 January 2020, one of them the Sunday that was worked for the festival
    assert names_at(config, 2020, 1, 10, 9) == ["2020-01-23T10:00 open"]
    assert names_at(config, 2020, 1, 17, 9) == ["2020-01-23T10:00 open", "2020-01-23T10:00 remind 5"]
    assert names_at(config, 2020, 1, 18, 9) == ["2020-01-23T10:00 open"], "a Saturday"
    assert names_at(config, 2020, 1, 20, 23, 59) == ["2020-01-23T10:00 open", "2020-01-23T10:00 remind 3"]
    assert names_at(config, 2020, 1, 22, 12) == ["2020-01-23T10:00 open", "2020-01-23T10:00 remind 1"]
    assert names_at(config, 2020, 1, 23, 10) == []


def test_a_folder_due_to_be_opened_on_a_day_off_is_opened_on_the_working_day_before() -> None:
    config = make_config(open_before="8d", remind=[])
    assert names_at(config, 2020, 8, 21, 8, 59) == []
    assert names_at(config, 2020, 8, 21, 9) == ["2020-08-31T10:00 open"], "the 23rd is a Sunday"


def test_nothing_is_opened_or_reminded_where_it_is_not_asked_for() -> None:
    config = make_config(remind=[])
    assert all(names_at(config, 2020, 8, day, 12) == [] for day in range(1, 32))


@pytest.mark.parametrize(
    ("text", "lead"),
    [
        ("", None), ("10d", Lead(10)), ("7 days", Lead(7)), ("10天", Lead(10)), ("10 working days", Lead(10, working=True)),
        ("1 Working Day", Lead(1, working=True)), ("10个工作日", Lead(10, working=True)), ("5工作日", Lead(5, working=True)),
    ],
)  # fmt: skip
def test_leads_are_read(text: str, lead: Lead | None) -> None:
    assert parse_lead(text) == lead


@pytest.mark.parametrize("text", ["0d", "61d", "10", "ten days", "-3d", "10 working", "2w"])
def test_what_is_no_lead_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="open_before"):
        make_config(open_before=text)


def test_the_next_issue_is_dated_by_the_next_due_date_that_has_none() -> None:
    config = make_config()
    now = datetime(2020, 7, 20, 12, tzinfo=ZONE)

    def after(day: date) -> date:
        return next_issue_date(config, IssueNumber("last", day.year, 1, 1, day), now, CHINA)

    assert after(date(2020, 6, 30)) == date(2020, 7, 31)
    assert after(date(2020, 7, 1)) == date(2020, 8, 31), "July has one"
    assert after(date(2020, 8, 31)) == date(2020, 9, 30)
    assert after(date(2018, 1, 1)) == date(2020, 7, 31), "never in the past"
    assert next_issue_date(make_config(when=""), IssueNumber("last", 2020, 7, 1, date(2020, 7, 3)), now, CHINA) == date(
        2020, 8, 31
    )


def test_the_term_of_a_due_date_begins_after_the_one_before() -> None:
    due = datetime(2020, 1, 23, 10, tzinfo=ZONE)
    term = term_of("monthly", make_config(), due, CHINA)
    assert (term.after, term.due, term.whole_month) == (date(2019, 12, 31), date(2020, 1, 23), True)
