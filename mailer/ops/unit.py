"""Writes the file that has systemd or launchd keep `mailer serve` running; its comments say what to do with it."""

import plistlib
import re
import shlex
from pathlib import Path

from mailer.errors import UsageError
from mailer.i18n import _
from mailer.model.unit import Unit, UnitKind

STOP_S = 90  # the sender drains for 30 s, then records for up to 20 s what it could not before
RESTART_S = 10
ENVIRONMENT_FILE = "var/serve.env"

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_NOT_IN_A_PROGRAM = re.compile(r"[\"'\\]")  # systemd takes no such path, however it is quoted


def write_unit(unit: Unit, kind: UnitKind) -> str:
    """Return the file. Raises UsageError for a path that it cannot hold."""
    for path in (unit.program, unit.folder, unit.state):
        _check(path, _CONTROL)
    if kind is UnitKind.LAUNCHD:
        return _write_launchd(unit)
    _check(unit.program, _NOT_IN_A_PROGRAM)
    return _write_systemd(unit)


def _check(path: Path, refused: re.Pattern[str]) -> None:
    if refused.search(str(path)):
        raise UsageError(
            _("no unit can hold the path {path}").format(path=repr(str(path))),
            cure=_("move it to one of plain characters"),
        )


def _specify(text: str) -> str:
    """Keep what systemd.unit(5) calls specifiers from being read in a value."""
    return text.replace("%", "%%")


def _quote(text: str) -> str:
    """Return one word of a value that is split: systemd.syntax(7), quoting."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_specify(escaped)}"'


def _write_systemd(unit: Unit) -> str:
    command = [
        _quote(str(unit.program)),
        *(_quote(word.replace("$", "$$")) for word in ("-m", "mailer", "-C", str(unit.folder), "serve")),
    ]
    lines = [*(f"# {line}" for line in _systemd_steps(unit)), "", "[Unit]"]
    lines.append(f"Description=Jianbao: {_specify(unit.folder.name)}")
    if not unit.per_user:  # the account's own systemd has no such target
        lines += ["Wants=network-online.target", "After=network-online.target"]
    lines += ["", "[Service]", f"ExecStart={' '.join(command)}"]
    if not unit.per_user:
        lines.append(f"User={unit.account}")
    lines += [
        f"WorkingDirectory={_specify(str(unit.folder))}",
        f"Environment={_quote(f'MAILER_STATE_DIR={unit.state}')}",
        f"EnvironmentFile=-{_specify(str(unit.folder / ENVIRONMENT_FILE))}",
        "Restart=on-failure",
        f"RestartSec={RESTART_S}",
        "KillMode=mixed",
        f"TimeoutStopSec={STOP_S}",
        "NoNewPrivileges=yes",
    ]
    if not unit.per_user:  # for an account they need user namespaces, which many systems refuse
        writable = dict.fromkeys((_quote(str(unit.folder)), _quote(str(unit.state))))
        lines += ["PrivateTmp=yes", "ProtectSystem=strict", f"ReadWritePaths={' '.join(writable)}"]
    lines += ["", "[Install]", f"WantedBy={'default' if unit.per_user else 'multi-user'}.target", ""]
    return "\n".join(lines)


def _systemd_steps(unit: Unit) -> list[str]:
    printing = f"mailer -C {shlex.quote(str(unit.folder))} serve --print-unit systemd"
    if unit.per_user:
        place, control = f"~/.config/systemd/user/{unit.name}.service", "systemctl --user"
        save = f"mkdir -p ~/.config/systemd/user && {printing} --user > {place}"
    else:
        place, control = f"/etc/systemd/system/{unit.name}.service", "sudo systemctl"
        save = f"{printing} | sudo tee {place}"
    steps = [
        _("Has systemd keep `mailer serve` running. Save it and start it:"),
        f"  {save}",
        f"  {control} daemon-reload",
        f"  {control} enable --now {unit.name}.service",
    ]
    if unit.per_user:
        steps += [_("It runs only while you are logged in, unless:"), f"  sudo loginctl enable-linger {unit.account}"]
    return steps + _secret_steps(unit)


def _secret_steps(unit: Unit) -> list[str]:
    if not unit.secrets:
        return []
    file = shlex.quote(str(unit.folder / ENVIRONMENT_FILE))
    return [
        _("A line for each password goes into {file}, which only this account may read:").format(file=file),
        f"  touch {file} && chmod 600 {file}",
        *(f"  {name}=…" for name in unit.secrets),
    ]


def _write_launchd(unit: Unit) -> str:
    settings: dict[str, object] = {
        "Label": unit.name,
        "ProgramArguments": [str(unit.program), "-m", "mailer", "-C", str(unit.folder), "serve"],
        "WorkingDirectory": str(unit.folder),
        "EnvironmentVariables": {"MAILER_STATE_DIR": str(unit.state)},
        "RunAtLoad": True,
        "KeepAlive": {"SuccessfulExit": False},
        "ThrottleInterval": RESTART_S,
        "ExitTimeOut": STOP_S,
        "Umask": 0o077,
        "StandardErrorPath": str(unit.folder / "var" / "serve.log"),
    }
    if not unit.per_user:
        settings["UserName"] = unit.account
    head, body = plistlib.dumps(settings, sort_keys=False).decode().split("<plist", 1)
    # two hyphens end a comment's life (XML 1.0 §2.5)
    comment = "\n".join(_launchd_steps(unit)).replace("--", "-\u2010")
    return f"{head}<!--\n{comment}\n-->\n<plist{body}"


def _launchd_steps(unit: Unit) -> list[str]:
    folder = "~/Library/LaunchAgents" if unit.per_user else "/Library/LaunchDaemons"
    domain, sudo = (f"gui/$(id -u {shlex.quote(unit.account)})", "") if unit.per_user else ("system", "sudo ")
    place = f"{folder}/{unit.name}.plist"
    steps = [
        _("Has launchd keep `mailer serve` running. Save it and start it:"),
        "  " + _("{file}, owned by {account}").format(file=place, account=unit.account if unit.per_user else "root"),
        f"  {sudo}launchctl bootstrap {domain} {place}",
    ]
    if unit.secrets:
        names = ", ".join(unit.secrets)
        steps.append(
            _("launchd has no file for {names}: name a password_file or urls_file in config.toml").format(names=names)
        )
    return steps
