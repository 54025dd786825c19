"""The witness file: where it stands, what it holds, and that it is whole whatever happens."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailer.model.identity import Remembered
from mailer.ops import witness
from mailer.ops.witness import Witness, machine_id, state_folder

NOTE = Remembered("a" * 32, 7, datetime(2020, 7, 31, 2, 0, tzinfo=UTC))


def test_the_state_folder_is_the_accounts_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder({}, "linux") == tmp_path / ".local" / "state" / "jianbao"
    assert state_folder({}, "darwin") == tmp_path / "Library" / "Application Support" / "jianbao"
    assert state_folder({"XDG_STATE_HOME": "/srv/state"}, "linux") == Path("/srv/state/jianbao")
    assert state_folder({"XDG_STATE_HOME": "relative"}, "linux") == tmp_path / ".local" / "state" / "jianbao"
    assert state_folder({"MAILER_STATE_DIR": "~/memory", "XDG_STATE_HOME": "/srv"}, "linux") == tmp_path / "memory"


def test_a_machine_without_an_id_is_given_one_and_keeps_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    nameless = tmp_path / "etc"
    nameless.write_text("uninitialized\n")
    monkeypatch.setattr(witness, "_MACHINE_FILES", (nameless, tmp_path / "absent"))
    monkeypatch.setattr("sys.platform", "linux")
    first = machine_id(tmp_path / "state")
    assert len(first) == 32
    assert machine_id(tmp_path / "state") == first
    assert machine_id(tmp_path / "other") != first
    assert [one.name for one in (tmp_path / "state").iterdir()] == ["machine-id"]
    nameless.write_text("0123456789abcdef0123456789abcdef\n")
    assert machine_id(tmp_path / "state") == "0123456789abcdef0123456789abcdef"


def test_what_is_written_is_read_and_is_its_owners_alone(tmp_path: Path) -> None:
    one = Witness(tmp_path / "state", "/srv/news")
    assert one.read() is None
    with one.locked(1):
        one.write(NOTE)
        one.write(Remembered("b" * 32, 8, NOTE.written_at, audit_head="c" * 64))
    assert one.read() == Remembered("b" * 32, 8, NOTE.written_at, "c" * 64)
    assert stat.S_IMODE(one.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(one.path.parent.stat().st_mode) == 0o700
    assert "news" not in one.path.name
    assert Witness(tmp_path / "state", "/srv/other").read() is None


def test_a_write_that_was_cut_off_leaves_what_was_and_hinders_nobody(tmp_path: Path) -> None:
    one = Witness(tmp_path, "/srv/news")
    with one.locked(1):
        one.write(NOTE)
        one.path.with_suffix(".new").write_text('{"instance_id": "x", "gen')  # as a kill leaves it
        assert one.read() == NOTE
        one.write(Remembered("a" * 32, 9, NOTE.written_at))
    assert sorted(path.suffix for path in one.path.parent.iterdir()) == [".json", ".lock"]


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"instance_id": "a"}', '{"instance_id": "a", "generation": "x", "written_at": "2020-07-31"}',
     '{"instance_id": "a", "generation": 1, "written_at": "2020-07-31T10:00:00"}', "\xff"],
)  # fmt: skip
def test_a_file_that_is_not_ours_is_no_absence(tmp_path: Path, text: str) -> None:
    one = Witness(tmp_path, "/srv/news")
    with one.locked(1):
        one.write(NOTE)
    one.path.write_bytes(text.encode("latin-1"))
    with pytest.raises(ValueError, match="damaged"):
        one.read()


def test_keys_of_a_later_version_are_no_fault(tmp_path: Path) -> None:
    one = Witness(tmp_path, "/srv/news")
    with one.locked(1):
        one.write(NOTE)
    one.path.write_text(json.dumps(json.loads(one.path.read_text()) | {"more": 1}))
    assert one.read() == NOTE


def test_the_lock_is_waited_for_and_then_given_up(tmp_path: Path) -> None:
    one = Witness(tmp_path, "/srv/news")
    with one.locked(1), pytest.raises(TimeoutError), Witness(tmp_path, "/srv/news").locked(0.2):
        raise AssertionError
    with Witness(tmp_path, "/srv/news").locked(0):
        pass
