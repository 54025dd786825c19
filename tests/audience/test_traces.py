"""What is erased is gone from the files of the database too, also while others hold it open."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailer.app import House
from tests.flow.newsletter import Newsletter

ADDRESS, NAME = "wen.ling@solo-firm.example", "文灵某某"
WORDS = [one.encode() for one in (ADDRESS, NAME, "0570-5550123")]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house with a few hundred readers, and one of them in the middle."""
    folder = Newsletter.make(tmp_path / "news", 2525).folder
    rows = [f"甲公司{n},杭州,某{n},reader{n}@firm{n % 9}.example,0571-{n}" for n in range(600)]
    rows[300] = f"乙公司,衢州,{NAME},{ADDRESS},0570-5550123"
    sheet = folder / "subscribers" / "members.csv"
    sheet.write_text("单位,城市,姓名,邮箱,电话\n" + "\n".join(rows) + "\n", "utf-8")
    opened = House(folder)
    opened.lists.sync()
    opened.persons.leave("reader1@firm1.example", [], "来电", "经办人")
    sheet.write_text("单位,城市,姓名,邮箱,电话\n" + "\n".join(rows[301:] + rows[:300]) + "\n", "utf-8")
    opened.lists.sync()
    yield opened
    opened.close()


def files_with(path: Path) -> set[str]:
    """The files of a database in which a word of the person stands."""
    files = [one for one in path.parent.iterdir() if one.name.startswith(path.name)]
    return {one.name for one in files if any(word in one.read_bytes() for word in WORDS)}


def test_no_file_of_the_database_holds_who_was_erased_while_others_have_it_open(house: House) -> None:
    path = house.store.path
    assert path is not None
    with sqlite3.connect(path) as idle:  # as `serve` and the sender have it
        idle.execute("SELECT count(*) FROM contact").fetchone()
        idle.commit()
        assert files_with(path), "the test would show nothing else"
        done = house.persons.forget(ADDRESS, "管理员")
        assert not done.pending
        assert files_with(path) == set()
    idle.close()


def test_a_reader_keeps_the_log_for_a_moment_and_the_clock_clears_it_later(house: House) -> None:
    path = house.store.path
    assert path is not None
    reading = sqlite3.connect(path, isolation_level=None)
    reading.execute("BEGIN")
    reading.execute("SELECT count(*) FROM contact").fetchone()
    assert house.persons.forget(ADDRESS, "管理员").pending
    assert house.retention.traces_since() is not None
    assert files_with(path)
    house.timetable.tick()
    assert files_with(path), "it is still read"
    reading.execute("COMMIT")
    house.timetable.tick()
    assert files_with(path) == set()
    assert house.retention.traces_since() is None
    reading.close()
