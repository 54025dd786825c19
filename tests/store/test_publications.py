"""The issues that everybody may read, and words in them, on both databases; and what there was before the index."""

from dataclasses import replace
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from mailer.model.delivery import MailingStatus
from mailer.model.edition import edition_to_json, freeze_edition
from mailer.model.issue import Archive
from mailer.model.page_text import read_query
from mailer.store import mailings, publications
from mailer.store.database import alembic_config, open_store
from mailer.store.schema import edition
from tests.databases import create_database
from tests.store.test_archive import approve, mail
from tests.world import NOW, World, make_edition

PAGE = "<html><head><title>简报 第{n}期</title></head><body><main><h2>栏目</h2><h3>题{n}</h3><p>正文_{n}%</p></main>"


def find(world: World, words: str = "", year: int | None = None) -> list[str]:
    with world.store.read() as connection:
        ids = publications.find_published(connection, read_query(words), year)
        return [one.title for one in publications.read_published(connection, ids, read_query(words))]


def test_what_is_listed_is_what_is_shown(world: World) -> None:
    assert find(world) == []
    mail(world, approve(world, Archive.PUBLIC, PAGE.format(n=1), "1", 1), world.later(2))
    assert find(world) == ["简报 第1期"]
    approve(world, Archive.PUBLIC, PAGE.format(n=2), "2", 3)
    assert find(world) == ["简报 第2期"], "a new approval replaces it"
    approve(world, Archive.MEMBERS, PAGE.format(n=3), "3", 4)
    assert find(world) == [], "withdrawn"
    with world.store.read() as connection:
        assert publications.count_years(connection) == ()
        assert publications.newest_published(connection, 9) == ()


def test_it_is_listed_from_the_beginning_of_its_mailing_with_its_times(world: World) -> None:
    approval = approve(world, Archive.PUBLIC, PAGE.format(n=1), "1", 1)
    assert find(world) == []
    number = mail(world, approval, world.later(2))
    with world.store.write() as connection:
        mailings.move_mailing(connection, number, MailingStatus.FINISHED, world.later(5))
        (one,) = publications.newest_published(connection, 9)
        assert publications.count_years(connection) == ((2020, 1),)
    assert (one.slug, one.headings, one.published_at) == ("2020-07", ("题1",), world.later(2))
    assert one.updated_at == world.later(2)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("正文", True),
        ("题1 正文_1%", True),
        ("正文%", False),
        ("正文x1", False),
        ("第２期", False),
        ("第１期", True),
        ("\\", False),
    ],
)
def test_words_are_looked_for_as_they_stand(world: World, words: str, found: bool) -> None:
    mail(world, approve(world, Archive.PUBLIC, PAGE.format(n=1), "1", 1), world.later(2))
    assert find(world, words) == (["简报 第1期"] if found else [])
    assert find(world, words, 2020) == find(world, words)
    assert find(world, words, 2019) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_pages_that_were_frozen_before_are_found_too(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    path = tmp_path / "mailer.db"
    address = "" if kind == "sqlite" else create_database(request.getfixturevalue("postgresql"), "template1")
    engine = create_engine(address.replace("postgresql:", "postgresql+psycopg:", 1) or f"sqlite:///{path}")
    with engine.begin() as connection:
        command.upgrade(alembic_config(connection), "0016")
        at = "'2020-07-31 02:00:00'"
        connection.execute(
            text(
                "INSERT INTO issue (id, slug, status, content_sha256, year, issued_on, changed_at) "
                f"VALUES (1, '2020-07', 'draft', '', 2020, '2020-07-31', {at})"
            )
        )
        for number, archive in enumerate((Archive.PUBLIC, Archive.MEMBERS, Archive.OFF), 1):
            one = freeze_edition(replace(make_edition(f"list{number}"), page=PAGE.format(n=number), archive=archive))
            values = {"id": number, "issue_id": 1, "list_name": one.list_name, "sha256": one.sha256, "created_at": NOW}
            connection.execute(edition.insert().values(**values, stored=edition_to_json(one)))
    engine.dispose()
    store = open_store(address, path)
    with store.read() as connection:
        rows = connection.execute(text("SELECT edition_id, title, words, folded FROM page_text")).all()
    assert [tuple(row) for row in rows] == [(1, "简报 第1期", "栏目 题1 正文_1%", "简报 第1期 栏目 题1 正文_1%")]
    store.close()
