"""`mailer render`: every form of an issue from a fresh folder, followed while it changes, and shown side by side."""

import email
import email.policy
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import REPOSITORY
from tests.flow.newsletter import Newsletter, environment

LISTS = ("government", "members")


@pytest.fixture
def news(tmp_path: Path) -> Newsletter:
    """A fresh folder with the sample issue."""
    one = Newsletter.make(tmp_path / "news", 2525)
    shutil.rmtree(one.folder / "issues" / "2020-07")
    shutil.copytree(REPOSITORY / "issues" / "2020-07", one.folder / "issues" / "2020-07")
    return one


def test_all_forms_are_written_and_the_messages_are_valid(news: Newsletter, tmp_path: Path) -> None:
    out = tmp_path / "out"
    told = news.json("render", "2020-07", "--out", str(out))
    names = {f"2020-07-{name}.{kind}" for name in LISTS for kind in ("html", "txt", "eml")}
    names |= {"2020-07.pdf", "2020-07.page.html", "2020-07.wechat.html"}
    assert {path.name for path in out.iterdir()} == names
    assert set(told) == {"editions", "pdf", "page", "wechat"}
    assert (out / "2020-07.pdf").read_bytes().startswith(b"%PDF-1.7")
    assert list(told["editions"]) == list(LISTS)
    for name in LISTS:
        message = email.message_from_bytes(
            Path(told["editions"][name]["eml"]).read_bytes(), policy=email.policy.default
        )
        assert [part.defects for part in message.walk() if part.defects] == []
        html, text = (message.get_body((kind,)) for kind in ("html", "plain"))
        assert html is not None
        assert text is not None
        wanted = set(re.findall(r'"cid:([^"]+)"', html.get_content()))
        given = {str(part["Content-ID"])[1:-1]: part for part in message.walk() if part["Content-ID"]}
        assert wanted == set(given), "each picture the HTML names is in the message, and no other"
        for cid, part in given.items():
            assert cid.startswith(hashlib.sha256(part.get_content()).hexdigest()[:32])
        seen = Path(told["editions"][name]["html"]).read_text("utf-8")
        assert "cid:" not in seen, "a browser shows the file"
        assert seen.count("data:image/") == html.get_content().count('"cid:')
        assert Path(told["editions"][name]["text"]).read_text("utf-8").split() == text.get_content().split()


def test_the_pdf_can_be_left_out_and_one_list_chosen(news: Newsletter) -> None:
    done = news.run("render", "2020-07", "--no-pdf", "--list", "members")
    written = sorted(path.name for path in (news.folder / "var/rendered").iterdir())
    assert written == ["2020-07-members.eml", "2020-07-members.html", "2020-07-members.txt",
                       "2020-07.page.html", "2020-07.wechat.html"]  # fmt: skip
    assert all(name in done.stdout for name in written)


def test_the_same_issue_gives_the_same_files(news: Newsletter, tmp_path: Path) -> None:
    shared = ("2020-07.pdf", "2020-07.page.html", "2020-07.wechat.html", "2020-07-members.html")
    for name in ("a", "b"):
        news.run("render", "2020-07", "--out", str(tmp_path / name))
    first, second = ([(tmp_path / name / file).read_bytes() for file in shared] for name in ("a", "b"))
    assert first == second


def test_a_preview_that_cannot_be_written_is_said(news: Newsletter, tmp_path: Path) -> None:
    (tmp_path / "out/2020-07.preview.html").mkdir(parents=True)
    done = news.run("render", "2020-07", "--no-pdf", "--open", "--out", str(tmp_path / "out"), code=2)
    assert "name another folder" in done.stderr


def test_ctrl_c_while_libraries_are_loaded_ends_without_a_traceback(tmp_path: Path) -> None:
    press = (
        "import sys\n"
        "class Press:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'typer': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Press())\n"
        "from mailer.cli.main import main\n"
        "main()\n"
    )
    ended = subprocess.run([sys.executable, "-c", press], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (ended.returncode, ended.stderr) == (130, "")


def test_watching_and_json_do_not_go_together(news: Newsletter) -> None:
    assert "--watch" in news.run("render", "2020-07", "--watch", "--json", code=2).stderr


@contextmanager
def watching(news: Newsletter, *words: str, **env: str) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        news.command("render", "2020-07", "--watch", *words),
        env=environment() | {"PYTHONUNBUFFERED": "1"} | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_until(happened: Callable[[], bool], patience: float = 30) -> None:
    deadline = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def read_until(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stdout is not None
    said = ""
    while words not in said:
        line = process.stdout.readline()
        assert line, f"it ended: {said}"
        said += line


def test_watching_renders_again_at_each_change_says_errors_and_ends_quietly(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525)
    file = news.folder / "issues" / "2020-07" / "issue.md"
    page = news.folder / "var" / "rendered" / "2020-07.page.html"
    with watching(news, "--no-pdf") as process:
        read_until(process, "waiting for changes")
        news.write_issue(text="改过的正文。")
        wait_until(lambda: "改过的正文。" in page.read_text("utf-8"))

        whole = file.read_text("utf-8")
        file.write_text(whole.replace("date: 2020-07-31", "date: someday"), "utf-8")
        read_until(process, "error: ")
        fresh = file.with_suffix(".new")  # as editors save: a new file takes the place of the old
        fresh.write_text(whole.replace("改过的正文。", "又改过的正文。"), "utf-8")
        os.replace(fresh, file)
        wait_until(lambda: "又改过的正文。" in page.read_text("utf-8"))

        theme = news.folder / "templates" / "theme.toml"
        theme.write_text(theme.read_text("utf-8").replace("#C8161D", "#123456"), "utf-8")
        wait_until(lambda: "#123456" in page.read_text("utf-8"))

        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_the_preview_of_a_watched_issue_is_served_to_this_machine_and_knows_when_it_is_newer(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525)
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.part && mv {opened}.part {opened}\n', "utf-8")
    browser.chmod(0o755)
    with watching(news, "--no-pdf", "--open", BROWSER=str(browser)) as process:
        wait_until(opened.exists)
        url = opened.read_text("utf-8")
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{22}/", url)
        with httpx.Client(trust_env=False) as client:
            shown = client.get(url)
            assert 'sandbox=""' in shown.text
            assert client.get(url[:-24]).status_code == 404, "the port alone shows nothing"
            before = client.get(url + "version").text
            read_until(process, "waiting for changes")
            news.write_issue(text="改过的正文。")
            wait_until(lambda: client.get(url + "version").text != before)
            assert "改过的正文。" in client.get(url).text
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0


def test_a_preview_is_opened_from_its_file(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525)
    told = json.loads(news.run_apart("render", "2020-07", "--no-pdf", "--open", "--json", BROWSER="/bin/true").stdout)
    assert "一件事" in Path(told["preview"]).read_text("utf-8")
