"""What the doctor finds at a machine: made so for each test, on a real file system."""

import stat
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailer.i18n import use_language
from mailer.model.report import Severity
from mailer.ops import doctor
from tests.world import NOW


@pytest.fixture(autouse=True)
def english() -> None:
    use_language("en")


def test_a_folder_that_is_a_file_or_stands_in_one_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "good").mkdir()
    wanted = [tmp_path / "good", tmp_path / "good" / "not yet", tmp_path / "file", tmp_path / "file" / "below"]
    found = list(doctor.look_at_folders(wanted))
    assert [one.place for one in found] == [str(tmp_path / "file"), str(tmp_path / "file" / "below")]
    assert {one.severity for one in found} == {Severity.ERROR}


@pytest.mark.parametrize(("mode", "found"), [(0o600, 0), (0o400, 0), (0o640, 1), (0o604, 1), (0o610, 1)])
def test_secrets_that_others_may_read_are_found_with_the_command_that_mends_it(
    mode: int, found: int, tmp_path: Path
) -> None:
    file = tmp_path / "secret.json"
    file.touch()
    file.chmod(mode)
    findings = list(doctor.look_at_privacy([file, tmp_path / "absent"]))
    assert len(findings) == found
    if findings:
        assert findings[0].cure == f"chmod 600 {file}"
        assert stat.S_IMODE(file.stat().st_mode) == mode, "nothing is changed"


def test_a_full_disk_is_found(tmp_path: Path) -> None:
    here, plenty = tmp_path / "var", 1 << 60
    assert list(doctor.look_at_room(here, little=0)) == []
    (warned,) = doctor.look_at_room(here, little=plenty, very_little=0)
    (failed,) = doctor.look_at_room(here, little=plenty, very_little=plenty)
    assert (warned.severity, failed.severity) == (Severity.WARNING, Severity.ERROR)
    assert warned.place == str(tmp_path), "a folder that is not there yet is where its parent is"


@pytest.mark.parametrize(("script", "found"), [("echo Noto Sans CJK SC", 0), ("exit 0", 1), ("exit 3", 0)])
def test_a_machine_without_a_chinese_font_is_found(script: str, found: int, tmp_path: Path) -> None:
    command = tmp_path / "fc-list"
    command.write_text(f'#!/bin/sh\n[ "$1" = ":lang=zh-cn" ] || exit 9\n{script}\n')
    command.chmod(0o755)
    assert len(list(doctor.look_at_fonts(str(command)))) == found
    assert list(doctor.look_at_fonts(str(tmp_path / "absent"))) == []


def test_a_clock_that_was_set_back_is_found() -> None:
    assert list(doctor.look_at_clock(None, NOW)) == []
    assert list(doctor.look_at_clock(NOW + timedelta(seconds=30), NOW)) == []
    (found,) = doctor.look_at_clock(NOW + timedelta(minutes=90), NOW)
    assert "by 90 min" in found.text


def test_another_zone_than_the_machines_is_only_a_note() -> None:
    offset = NOW.astimezone().utcoffset()
    zones = [ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")]
    for zone in zones:
        same = NOW.astimezone(zone).utcoffset() == offset
        assert [one.severity for one in doctor.look_at_zone(zone, NOW)] == ([] if same else [Severity.NOTE])
