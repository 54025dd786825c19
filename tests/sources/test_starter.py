"""A new newsletter folder is made whole, or not at all."""

from pathlib import Path

import pytest

from mailer.config import load_config
from mailer.errors import StateError
from mailer.sources import starter
from mailer.sources.sheets import read_sheet
from mailer.sources.starter import create_newsletter, starter_folder


def everything(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def test_the_starter_holds_settings_templates_lists_and_an_issue() -> None:
    folder = starter_folder()
    for part in ("config.toml", "templates", "subscribers/members.csv", "issues/2020-07/issue.md"):
        assert (folder / part).exists()


def test_a_new_folder_has_settings_templates_empty_lists_and_no_issue(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "news"
    made = create_newsletter(folder)
    assert load_config(folder).lists.keys() == {"government", "members"}
    assert not any((folder / "issues").iterdir())
    assert {path.name for path in (folder / "subscribers").iterdir()} == {"government.csv", "members.csv"}
    for sheet in (folder / "subscribers").iterdir():
        assert read_sheet(sheet) == ()
        assert sheet.read_bytes().startswith(b"\xef\xbb\xbf")
    assert (folder / ".gitignore").read_text("utf-8") == "var/\n"
    templates = {path.name for path in (starter_folder() / "templates").rglob("*") if path.is_file()}
    assert templates <= {path.name for path in made}
    assert all(path.is_file() for path in made)
    assert {path.name for path in folder.parent.iterdir()} == {"news"}


def test_an_empty_folder_may_be_there_already(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    create_newsletter(Path())
    assert (tmp_path / "config.toml").is_file()
    assert (tmp_path / "issues").is_dir()


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    for folder in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(StateError) as caught:
            create_newsletter(folder)
        assert caught.value.cure
    assert everything(tmp_path) == {"mine.txt"}


def test_nothing_is_left_when_it_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    for part in ("templates", "subscribers"):
        (source / part).mkdir(parents=True)
    (source / "config.toml").write_text("x", "utf-8")
    (source / "subscribers" / "a.csv").mkdir()  # a folder where a sheet should be cannot be read
    monkeypatch.setattr(starter, "starter_folder", lambda: source)
    before = everything(tmp_path)
    with pytest.raises(StateError, match="cannot be made"):
        create_newsletter(tmp_path / "news")
    assert everything(tmp_path) == before
