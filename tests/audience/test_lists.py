"""The lists of a house follow their sheets together, the list of higher role first."""

from pathlib import Path

import pytest

from mailer.app.ground import Ground
from mailer.app.lists import Lists
from mailer.app.people import People
from mailer.errors import StateError
from mailer.store import audience
from mailer.store.database import Store
from tests.audience.statements import statements
from tests.flow.newsletter import Newsletter
from tests.world import LISTS, active_contacts

HEAD = "单位,姓名,邮箱\n"


class Sheets:
    """The lists of a newsletter folder, and the sheets they follow."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = Newsletter.make(folder, 2525).folder
        ground = Ground(self.folder)
        ground.store = store
        self.store = store
        self.people = People(ground)
        self.lists = Lists(ground, self.people)

    def write(self, **rows: str) -> None:
        """Write sheets anew, each from its rows."""
        for name, text in rows.items():
            (self.folder / "subscribers" / f"{name}.csv").write_text(HEAD + text, "utf-8")

    def names(self, name: str) -> dict[str, str]:
        """Who is actively on a list: address to name."""
        with self.store.read() as connection:
            ids = audience.find_lists(connection, [name])
            return {one.address: one.name for one in active_contacts(connection, ids[name])}


@pytest.fixture
def sheets(tmp_path: Path, store: Store) -> Sheets:
    """A folder whose sheets are empty, on an empty database."""
    made = Sheets(tmp_path / "news", store)
    made.write(government="", members="")
    return made


def test_a_dry_run_on_an_empty_database_only_reads_and_counts_everybody(sheets: Sheets) -> None:
    sheets.write(government="厅,甲,a@gov.example\n", members="司,乙,b@firm.example\n厅,甲,a@gov.example\n")
    with statements() as said:
        shown = sheets.lists.sync(dry_run=True)
    assert said
    assert all(one.startswith(("SELECT", "BEGIN")) for one in said)
    assert not any(one.startswith("BEGIN IMMEDIATE") for one in said)
    with sheets.store.read() as connection:
        assert audience.count_lists(connection) == ()
    assert shown == sheets.lists.sync()
    assert len(shown["members"].added) == 2


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # where a writer shuts out every other
def test_a_dry_run_waits_for_nobody_who_writes(sheets: Sheets) -> None:
    sheets.lists.sync()
    sheets.write(members="司,乙,b@firm.example\n")
    with sheets.store.write() as connection:
        audience.sync_lists(connection, LISTS)
        with statements() as said:
            assert len(sheets.lists.sync(dry_run=True)["members"].added) == 1
        assert [one for one in said if not one.startswith(("SELECT", "BEGIN", "PRAGMA busy_timeout"))] == []


def test_who_is_on_two_lists_is_called_what_the_higher_lists_sheet_says(sheets: Sheets) -> None:
    sheets.write(government="厅,甲处长,a@gov.example\n", members="司,老甲,a@gov.example\n")
    sheets.lists.sync()
    again = sheets.lists.sync()
    assert [(one.changed, one.unchanged) for one in again.values()] == [((), 1), ((), 1)]
    assert sheets.lists.sync(["members"])["members"].unchanged == 1, "also when its list is synced alone"
    assert sheets.names("government") == sheets.names("members") == {"a@gov.example": "甲处长"}


@pytest.mark.parametrize(
    ("government", "members", "name"),
    [
        ("", "司,老甲,a@gov.example\n", "老甲"),
        ("厅,甲厅长,a@gov.example\n", "司,小甲,a@gov.example\n", "甲厅长"),
        ("厅,丙,c@gov.example\n厅,乙处长,b@firm.example\n", "司,小乙,b@firm.example\n司,老甲,a@gov.example\n", "老甲"),
    ],
    ids=["dropped above", "renamed on both", "dropped and added above"],
)
def test_a_dry_run_foresees_what_one_list_means_for_the_next(
    sheets: Sheets, government: str, members: str, name: str
) -> None:
    sheets.write(government="厅,甲处长,a@gov.example\n", members="司,老甲,a@gov.example\n司,乙,b@firm.example\n")
    sheets.lists.sync()
    sheets.write(government=government, members=members)
    shown = sheets.lists.sync(dry_run=True, may_shrink=True)
    assert shown == sheets.lists.sync(may_shrink=True)
    assert sheets.names("members")["a@gov.example"] == name


@pytest.mark.parametrize(
    ("before", "after", "fits"),
    [
        (8, 1, False),
        (8, 4, True),
        (6, 1, False),
        (4, 1, False),
        (3, 1, True),
        (2, 1, True),
        (2, 0, False),
        (1, 0, False),
    ],
)
def test_a_sheet_that_drops_too_much_of_a_small_list_is_taken_for_a_mistake(
    sheets: Sheets, before: int, after: int, fits: bool
) -> None:
    rows = [f"司,某{n},r{n}@firm{n}.example\n" for n in range(before)]
    sheets.write(members="".join(rows))
    sheets.lists.sync()
    sheets.write(members="".join(rows[:after]))
    if fits:
        sheets.lists.sync()
    else:
        with pytest.raises(StateError, match=f"would drop {before - after} of {before}"):
            sheets.lists.sync()
    assert len(sheets.names("members")) == (after if fits else before)
