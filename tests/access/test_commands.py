"""The commands on users' access, in this process and on a terminal; what is typed is shown nowhere (S33)."""

import contextlib
import io
import os
import pty
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from mailer.app import House
from mailer.model.access import LogInOutcome
from tests.access.conftest import PASSWORD, Office
from tests.flow.newsletter import Done, Newsletter, environment


@pytest.fixture
def news(office: Office) -> Newsletter:
    return Newsletter(office.house.home)


def typed(news: Newsletter, line: str, *words: str, code: int = 0) -> Done:
    with patch.object(sys, "stdin", io.StringIO(line)):
        return news.run(*words, code=code)


def may_log_in(news: Newsletter, name: str, password: str) -> bool:
    house = House(news.folder)
    try:
        return house.access.log_in(name, password, "", "", "").outcome is LogInOutcome.DONE
    finally:
        house.close()


def test_a_script_sets_a_password_by_stdin(news: Newsletter) -> None:
    new = "another: " + PASSWORD
    done = typed(news, f"{new}\r\nnot this\n", "user", "password", "李四", "--stdin", "--as", "张三")
    assert done.stdout == "李四 has a new password and is logged out everywhere\n"
    assert may_log_in(news, "李四", new)
    for line, by, why in (
        ("woaini1314520\n", "张三", "tried first"),
        ("\n", "张三", "too short"),
        (f"{new}\n", "李四", "may not"),
    ):
        refused = typed(news, line, "user", "password", "李四", "--stdin", "--as", by, code=2 if by == "张三" else 1)
        assert why in refused.stderr
        assert "woaini" not in refused.stderr + refused.stdout
    assert "no user nobody" in typed(news, new, "user", "password", "nobody", "--stdin", "--as", "张三", code=1).stderr
    assert "add --stdin" in typed(news, new, "user", "password", "李四", "--as", "张三", code=2).stderr


def test_who_is_registered_with_a_password_that_is_refused_is_not_registered(news: Newsletter) -> None:
    add = ("user", "add", "孙七", "--role", "editor", "--password-stdin", "--as", "张三")
    typed(news, "1234567890\n", *add, code=2)
    assert "孙七" not in news.run("user", "list").stdout
    assert typed(news, f"{PASSWORD}\n", *add).stdout == "user 孙七: editor\n"
    assert may_log_in(news, "孙七", PASSWORD)


def test_the_first_admin_gets_a_password_with_the_registration(tmp_path: Path) -> None:
    news = Newsletter(tmp_path / "news")
    news.run("new", str(news.folder), home=False)
    typed(news, f"{PASSWORD}\n", "user", "add", "张三", "--role", "admin", "--password-stdin")
    assert may_log_in(news, "张三", PASSWORD)


def test_sessions_are_listed_and_ended(news: Newsletter, office: Office) -> None:
    office.clock.now = office.house.now()
    with contextlib.closing(House(news.folder)) as house:
        token = house.access.log_in("李四", PASSWORD, "", "192.0.2.0/24", "Firefox on a desk").token
        shown = news.run("user", "sessions", "李四").stdout
        assert "192.0.2.0/24" in shown
        assert "Firefox on a desk" in shown
        found = news.json("user", "sessions", "李四")
        assert set(found["sessions"][0]) == {"id", "created_at", "last_seen_at", "expires_at", "network", "agent"}
        assert "may not" in news.run("user", "sessions", "张三", "--end", "--as", "李四", code=1).stderr
        ended = news.run("user", "sessions", "李四", "--end", "--as", "张三").stdout
        assert ended == "李四 is logged out of 1 browser\n"
        assert house.access.find_session(token) is None
        assert "not logged in" in news.run("user", "sessions", "李四").stdout


def test_a_second_factor_is_taken_away_by_an_admin(news: Newsletter, office: Office) -> None:
    import pyotp

    begun = office.access.begin_second_factor("李四")
    office.access.confirm_second_factor("李四", pyotp.TOTP(begun.secret).at(office.clock.now))
    shown = news.run("user", "second-factor", "李四").stdout
    assert "recovery codes left: 10" in shown
    assert begun.secret not in shown
    assert news.run("user", "second-factor", "李四", "--off", "--as", "张三").stdout.endswith("by password alone now\n")
    assert news.json("user", "second-factor", "李四") == {"ended": False, "set_at": None, "recovery_codes": 0}
    trail = news.run("audit", "list").stdout
    assert "张三  user 李四: second factor taken away" in trail


def on_a_terminal(news: Newsletter, lines: str, *words: str) -> tuple[int, str]:
    """Run a command on a terminal where somebody types; return its exit code and all that the terminal has shown."""
    ours, theirs = pty.openpty()
    # in a session of its own, lest it ask at the terminal the tests are run on
    with subprocess.Popen(
        news.command(*words), stdin=theirs, stdout=theirs, stderr=theirs, env=environment(), start_new_session=True
    ) as running:
        os.close(theirs)
        shown, waiting = b"", lines.splitlines(keepends=True)
        with contextlib.suppress(OSError):  # Linux says so at its end
            while part := os.read(ours, 65536):
                shown += part
                if shown.endswith(b": "):  # what is typed before is thrown away
                    os.write(ours, waiting.pop(0).encode())
    os.close(ours)
    return running.returncode, shown.decode()


def test_on_a_terminal_it_is_asked_for_twice_and_never_shown(news: Newsletter) -> None:
    new = "another: " + PASSWORD
    code, shown = on_a_terminal(news, f"{PASSWORD}\n{new}\n", "user", "password", "李四", "--as", "张三")
    assert code == 2
    assert "not the same" in shown
    assert PASSWORD not in shown
    code, shown = on_a_terminal(news, f"{new}\n{new}\n", "user", "add", "孙七", "--role", "editor", "--as", "张三")
    assert code == 0, shown
    assert "The same once more" in shown
    assert new not in shown
    assert may_log_in(news, "孙七", new)
