"""A newsletter folder of one's own, worked on through the command line as a person would."""

import functools
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import typer.main

from mailer.cli.main import main
from tests.databases import put_database

BUILT = functools.cache(typer.main.get_command)  # all commands there are, which a process builds once
SHEETS = {
    "government": "单位,邮箱\n省经信厅,office@jxt.example\n省科技厅,office@kjt.example\n",
    "members": "单位,姓名,邮箱\n" + "".join(f"会员{n},办公室,reader@firm{n}.example\n" for n in range(1, 9)),
}


@dataclass(frozen=True)
class Done:
    """How a command ended and what it said."""

    returncode: int
    stdout: str
    stderr: str


@dataclass
class Newsletter:
    """A folder made by `mailer new`, with sheets, a short issue and a relay on this machine."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, port: int, extra: str = "", relay: str = "", *, database: bool = True) -> "Newsletter":
        """Make the folder; without database the first command that needs one makes it."""
        one = cls(folder)
        one.run("new", str(folder), home=False)
        if database:
            put_database(folder / "var" / "mailer.db")
        config = (folder / "config.toml").read_text("utf-8")
        head, _blank, _rest = config.partition("[relays.main]")
        (folder / "config.toml").write_text(
            f'{head}[relays.main]\nhost = "127.0.0.1"\nport = {port}\nsecurity = "none"\n{relay}\n'
            f"[retry]\nscale = 0.001\n[console]\nport = 0\n{extra}\n",
            "utf-8",
        )
        for name, sheet in SHEETS.items():
            (folder / "subscribers" / f"{name}.csv").write_text(sheet, "utf-8")
        one.write_issue()
        return one

    def write_issue(self, slug: str = "2020-07", text: str = "正文第一段。", day: str = "2020-07-31") -> None:
        folder = self.folder / "issues" / slug
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "issue.md").write_text(
            f"---\norganisation: 某省软件业\ntitle: 简报\npublisher: 某省软件行业协会\nyear: 2020\nnumber: 7\ntotal: 113\n"
            f"date: {day}\ncirculation:\n  报: [省经信厅, 省科技厅]\n---\n\n# 要闻\n\n## 一件事\n\n{text}\n",
            "utf-8",
        )

    def set_config(self, old: str, new: str) -> None:
        file = self.folder / "config.toml"
        text = file.read_text("utf-8")
        assert old in text
        file.write_text(text.replace(old, new), "utf-8")

    def command(self, *words: str, home: bool = True) -> list[str]:
        return [sys.executable, "-m", "mailer", *(["-C", str(self.folder)] if home else []), *words]

    def run(self, *words: str, code: int = 0, home: bool = True) -> Done:
        """Run a command to its end, in this process: a start costs more than most commands."""
        out, err = io.StringIO(), io.StringIO()
        arguments = self.command(*words, home=home)[2:]
        before = dict(os.environ)
        commands = patch.object(typer.main, "get_command", BUILT)
        with redirect_stdout(out), redirect_stderr(err), patch.object(sys, "argv", arguments), commands:
            os.environ.update(environment())
            try:
                main()
                ended = 0
            except SystemExit as end:
                ended = end.code if isinstance(end.code, int) else 1
            finally:
                os.environ.clear()
                os.environ.update(before)
        done = Done(ended, out.getvalue(), err.getvalue())
        assert done.returncode == code, f"{words}: {done}"
        return done

    def run_in(self, standard_input: str, *words: str) -> Done:
        """Run a command that reads this from its standard input."""
        with patch.object(sys, "stdin", io.StringIO(standard_input)):
            return self.run(*words)

    def run_apart(self, *words: str, code: int = 0, **env: str) -> Done:
        """Run a command in a process of its own, with its own environment."""
        ended = subprocess.run(
            self.command(*words), capture_output=True, text=True, timeout=180, check=False, env=environment() | env
        )
        done = Done(ended.returncode, ended.stdout, ended.stderr)
        assert done.returncode == code, f"{words}: {done}"
        return done

    def json(self, *words: str, code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", code=code).stdout)

    def approve(self, slug: str = "2020-07") -> None:
        self.run("approve", slug, "--as", "主编")

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start a command that goes on by itself, in a group of its own."""
        return subprocess.Popen(
            self.command(*words),
            env=environment(),
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def start_serve(self) -> "subprocess.Popen[bytes]":
        """Start `serve` and wait until it says that it serves."""
        serving = self.start("serve")
        assert serving.stderr is not None
        said = b""
        while b"serving" not in said:
            line = serving.stderr.readline()
            assert line, f"serve ended: {said.decode()}"
            said += line
        return serving

    def wait_until(self, true: Callable[[], bool], patience: float = 20) -> None:
        """Wait until something outside is so."""
        deadline = time.monotonic() + patience
        while not true():
            assert time.monotonic() < deadline, f"not so after {patience} s"
            time.sleep(0.05)

    def wait_for(self, mailing: str, status: str, patience: float = 20) -> Any:
        """Wait until a mailing has a status; return its figures."""
        deadline = time.monotonic() + patience
        found: Any = None
        while time.monotonic() < deadline:
            found = self.json("status", mailing)
            if found["status"] == status:
                return found
            time.sleep(0.2)
        raise AssertionError(f"mailing {mailing} is not {status} after {patience} s: {found}")


def environment() -> dict[str, str]:
    """An environment that speaks English and names no other folder."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("MAILER_", "LC_", "LANGUAGE"))}
    kept["MAILER_STATE_DIR"] = os.environ["MAILER_STATE_DIR"]  # of the tests: never the home of who runs them
    return kept | {"LANG": "en_US.UTF-8", "COLUMNS": "200"}


def end(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """Signal a started command and wait for its end."""
    process.send_signal(number)
    process.communicate(timeout=40)
    return process.returncode
