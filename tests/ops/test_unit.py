"""The files for systemd and launchd hold this install's and folder's paths, whatever characters stand in them."""

import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mailer.errors import UsageError
from mailer.model.unit import Unit, UnitKind
from mailer.ops.unit import write_unit
from tests.conftest import need
from tests.flow.newsletter import Newsletter

ODD = "a b%h\"c\\n$HOME's 简报"


def make(tmp_path: Path, name: str = "news", *, per_user: bool = False, secrets: tuple[str, ...] = ()) -> Unit:
    folder = tmp_path / name
    folder.mkdir()
    return Unit("jianbao-news", Path(sys.executable), folder, tmp_path / f"state of {name}", "root", per_user, secrets)


@pytest.mark.parametrize("per_user", [False, True])
@pytest.mark.parametrize("name", ["news", "a b", "100%h", ODD])
def test_systemd_finds_no_fault_with_it(tmp_path: Path, name: str, per_user: bool) -> None:
    need(bool(shutil.which("systemd-analyze")), "systemd-analyze", "apt-get install systemd")
    file = tmp_path / "jianbao-news.service"
    file.write_text(write_unit(make(tmp_path, name, per_user=per_user), UnitKind.SYSTEMD), "utf-8")
    command = ["systemd-analyze", *(["--user"] if per_user else []), "verify", str(file)]
    found = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | {"XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert (found.returncode, found.stdout + found.stderr) == (0, "")


def test_paths_are_quoted_and_escaped_as_systemd_reads_them(tmp_path: Path) -> None:
    unit = make(tmp_path, ODD)
    lines = write_unit(unit, UnitKind.SYSTEMD).splitlines()
    ((command),) = [one for one in lines if one.startswith("ExecStart=")]
    assert command.endswith('/a b%%h\\"c\\\\n$$HOME\'s 简报" "serve"')
    assert f"WorkingDirectory={tmp_path}/{ODD.replace('%', '%%')}" in lines
    assert f'Environment="MAILER_STATE_DIR={tmp_path}/state of a b%%h\\"c\\\\n$HOME\'s 简报"' in lines
    writable = next(one for one in lines if one.startswith("ReadWritePaths="))
    assert writable.count('" "') == 1
    assert "$HOME" in writable, "only a command's words are expanded"


def test_the_unit_lets_the_sender_drain_and_is_hardened(tmp_path: Path) -> None:
    from mailer.sending.sender import DRAIN_S, RECORD_S

    lines = write_unit(make(tmp_path), UnitKind.SYSTEMD).splitlines()
    stop = next(float(one.partition("=")[2]) for one in lines if one.startswith("TimeoutStopSec="))
    assert stop > DRAIN_S + RECORD_S
    for line in ("Restart=on-failure", "KillMode=mixed", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes",
                 "After=network-online.target", "User=root", "WantedBy=multi-user.target"):  # fmt: skip
        assert line in lines


def test_the_accounts_own_unit_needs_nothing_that_only_the_system_has(tmp_path: Path) -> None:
    text = write_unit(make(tmp_path, per_user=True), UnitKind.SYSTEMD)
    assert "network-online" not in text
    assert "ProtectSystem" not in text
    assert "User=" not in text
    assert "WantedBy=default.target" in text
    assert "enable-linger" in text


def test_passwords_come_from_a_file_and_are_named_not_written(tmp_path: Path) -> None:
    unit = make(tmp_path, secrets=("SMTP_PASSWORD",))
    text = write_unit(unit, UnitKind.SYSTEMD)
    assert f"EnvironmentFile=-{unit.folder}/var/serve.env" in text
    assert "#   SMTP_PASSWORD=…" in text
    assert "chmod 600" in text
    assert "password_file" in write_unit(unit, UnitKind.LAUNCHD)


@pytest.mark.parametrize("per_user", [False, True])
def test_launchd_reads_the_very_paths(tmp_path: Path, per_user: bool) -> None:
    unit = make(tmp_path, "a--b <&> " + ODD, per_user=per_user)
    text = write_unit(unit, UnitKind.LAUNCHD)
    read = plistlib.loads(text.encode())
    assert read["ProgramArguments"] == [sys.executable, "-m", "mailer", "-C", str(unit.folder), "serve"]
    assert read["EnvironmentVariables"] == {"MAILER_STATE_DIR": str(unit.state)}
    assert read["KeepAlive"] == {"SuccessfulExit": False}
    assert read["ExitTimeOut"] >= 60
    assert ("UserName" in read) is not per_user
    assert text.index("<!--") < text.index("launchctl bootstrap") < text.index("-->")


def test_what_no_unit_can_hold_is_refused(tmp_path: Path) -> None:
    for kind in UnitKind:
        with pytest.raises(UsageError, match="no unit can hold"):
            write_unit(make(tmp_path, f"a\n{kind}"), kind)
    odd = Unit("n", Path('/opt/a"b/python'), tmp_path, tmp_path, "root", per_user=False)
    with pytest.raises(UsageError, match="no unit can hold"):
        write_unit(odd, UnitKind.SYSTEMD)


def test_the_command_prints_the_unit_of_this_folder_and_install(tmp_path: Path, state_folder: Path) -> None:
    asked = 'username = "u"\npassword_env = "SMTP_PASSWORD"'
    news = Newsletter.make(tmp_path / "The News", 2525, relay=asked, database=False)
    news.set_config('security = "none"', 'security = "tls"')
    printed = news.run("serve", "--print-unit", "systemd").stdout
    assert f'"{sys.executable}" "-m" "mailer" "-C" "{news.folder}" "serve"' in printed
    assert str(state_folder) in printed
    assert "jianbao-the-news.service" in printed
    assert "SMTP_PASSWORD=…" in printed
    assert "--print-unit systemd | sudo tee" in printed
    ours = "launchd" if sys.platform == "darwin" else "systemd"
    assert news.run("serve", "--print-unit").stdout == news.run("serve", "--print-unit", ours).stdout
    assert plistlib.loads(news.run("serve", "--print-unit", "launchd", "--user").stdout.encode())["Label"]
    assert "--print-unit only" in news.run("serve", "systemd", code=2).stderr
    assert not (news.folder / "var" / "mailer.db").exists()


def test_a_unit_is_printed_by_the_folders_owner(tmp_path: Path) -> None:
    need(os.getuid() == 0, "root", "run as root")
    news = Newsletter.make(tmp_path / "news", 2525)
    os.chown(news.folder, 65534, 65534)
    assert "another account" in news.run("serve", "--print-unit", code=2).stderr
