"""calendar.csv as offices write it."""

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import SheetError
from mailer.model.working_days import StaffCalendar, StaffDay, parse_day
from mailer.sources.calendar_sheet import CalendarFile, read_calendar

TABLE = "日期,休|班,备注\n2027-02-06,班,国务院通知\n2027/2/8,休,\n2027年2月28日,班,\n"
DAYS = (
    StaffDay(date(2027, 2, 6), works=True, note="国务院通知"),
    StaffDay(date(2027, 2, 8), works=False),
    StaffDay(date(2027, 2, 28), works=True),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_sheet_of_any_office_program_is_read(tmp_path: Path, encoding: str, ends: str) -> None:
    file = tmp_path / "calendar.csv"
    file.write_bytes(TABLE.replace("\n", ends).encode(encoding))
    assert read_calendar(file).days == DAYS


@pytest.mark.parametrize(
    "text",
    [
        "date,off|work,note\n2027-02-06,work,国务院通知\n2027-2-8,off,\n20270228,WORK,\n",
        "日期;休/班;说明\n2027.2.6;上班;国务院通知\n\n2027-02-08;放假;\n２０２７-02-28;班;\n",
        "备注\t休班\t公历日期\n国务院通知\t班\t2027-02-06\n\t休\t2027-02-08\n\t 班 \t2027 年 2 月 28 日\n",
    ],
)
def test_headings_words_and_dates_in_their_usual_forms(tmp_path: Path, text: str) -> None:
    (tmp_path / "c.csv").write_text(text, "utf-8")
    assert read_calendar(tmp_path / "c.csv").days == DAYS


def test_the_note_may_be_left_out(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("日期,休|班\n2027-02-08,休\n", "utf-8")
    assert read_calendar(tmp_path / "c.csv").days == (StaffDay(date(2027, 2, 8), works=False),)


@pytest.mark.parametrize(
    ("text", "line", "field", "says"),
    [
        ("", 1, None, "empty"),
        ("2027-02-06,班\n", 1, "2027-02-06", "unknown column"),
        ("日期,备注\n", 1, "休|班", "no such column"),
        ("休|班\n", 1, "日期", "no such column"),
        ("日期,date,休|班\n", 1, "date", "twice"),
        ("日期,休|班,电话\n", 1, "电话", "unknown column"),
        ("日期,休|班\n2027-02-30,休\n", 2, "日期", "“2027-02-30” is not a day"),
        ("日期,休|班\n\n2月6日,休\n", 3, "日期", "“2月6日” is not a day"),
        ("日期,休|班\n6/2/2027,休\n", 2, "日期", "is not a day"),
        ("日期,休|班\n0227-02-06,休\n", 2, "日期", "is not a day"),
        ("日期,休|班\n,休\n", 2, "日期", "“” is not a day"),
        ("日期,休|班\n2027-02-06,半天\n", 2, "休|班", "“半天” says neither"),
        ("日期,休|班\n2027-02-06\n", 2, "休|班", "“” says neither"),
        ("日期,休|班\n2027-02-06,班\n2027-02-07,休\n2027/2/6,班\n", 4, "日期", "2027-02-06 is on line 2 already"),
        ("日期,休|班\n2027-02-06,班,a,b\n", 2, None, "more cells"),
        ('日期,休|班\n2027-02-06,"班\n', 2, None, "not valid CSV"),
    ],
)
def test_a_wrong_row_names_line_field_and_cure(
    tmp_path: Path, text: str, line: int, field: str | None, says: str
) -> None:
    file = tmp_path / "calendar.csv"
    file.write_text(text, "utf-8")
    with pytest.raises(SheetError, match="(?s)" + says.replace("|", r"\|")) as caught:
        read_calendar(file)
    assert (caught.value.file, caught.value.line, caught.value.field) == (file, line, field)
    assert caught.value.cure


def test_a_workbook_is_told_how_to_become_a_sheet(tmp_path: Path) -> None:
    (tmp_path / "calendar.xlsx").write_bytes(b"PK")
    with pytest.raises(SheetError, match="workbook"):
        read_calendar(tmp_path / "calendar.xlsx")


@given(st.binary(max_size=200))
def test_any_bytes_are_a_calendar_or_a_sheet_error(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.mktemp("any") / "calendar.csv"
    file.write_bytes(content)
    try:
        found = read_calendar(file)
    except SheetError as error:
        assert error.file == file
        return
    assert isinstance(found, StaffCalendar)


@given(st.dates(date(1000, 1, 1)))
def test_a_day_is_read_in_each_of_its_forms(day: date) -> None:
    forms = ("{0:04}-{1:02}-{2:02}", "{0:04}/{1}/{2}", "{0:04}.{1}.{2}", "{0:04}年{1}月{2}日", "{0:04}{1:02}{2:02}")
    for form in forms:
        assert parse_day(form.format(day.year, day.month, day.day)) == day


def test_the_file_is_read_again_when_it_was_written_anew_and_only_then(tmp_path: Path) -> None:
    file, calendar = tmp_path / "calendar.csv", CalendarFile()
    assert calendar.read(file) == StaffCalendar()
    file.write_text(TABLE, "utf-8")
    first = calendar.read(file)
    assert first.days == DAYS
    assert calendar.read(file) is first
    written = file.stat()
    file.write_text(TABLE.replace("02-06,班", "02-06,休"), "utf-8")
    os.utime(file, ns=(written.st_atime_ns, written.st_mtime_ns + 1))
    assert not calendar.read(file).days[0].works
    file.write_text("日期\n", "utf-8")
    with pytest.raises(SheetError):
        calendar.read(file)
    file.unlink()
    assert calendar.read(file) == StaffCalendar()
