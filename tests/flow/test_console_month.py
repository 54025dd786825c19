"""A month in the console, as the staff live it in a browser: the Word file, mending, proof, submission, approval by
another, the mailing watched live, the bounce and the report; and a reader who leaves with JavaScript off."""

import contextlib
import email
import email.policy
import mailbox
import re
import socket
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import browser as browser
from tests.flow.newsletter import Newsletter, end
from tests.mail.line_server import free_port
from tests.relay import Relay
from tests.sources.documents import paragraph, word_file

PASSWORD = "a long enough secret"
PEOPLE = {"拟稿人": "editor", "审签人": "approver", "发送人": "sender", "管理员": "admin"}


def write_word_file(path: Path) -> None:
    lines = ["某省软件业", "简　报", "2020年第8期（总第114期）", "某省软件行业协会　2020年8月31日"]
    body = "".join(map(paragraph, lines)) + paragraph("要闻", style="Heading1")
    body += paragraph("第一件事", style="Heading2") + paragraph("正文第一段，原稿里有一个错字：软伴。")
    path.write_bytes(word_file(body))


def dsn_about(raw: bytes, address: str) -> bytes:
    """What the reader's server returns for a copy: the mailbox is not there (RFC 3464)."""
    number = email.message_from_bytes(raw)["Message-ID"]
    return (
        "From: MAILER-DAEMON@mx.firm3.example\nTo: bulletin@zsia.example\nSubject: Undelivered Mail Returned to Sender\n"
        'MIME-Version: 1.0\nContent-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThe mailbox does not exist.\n"
        "--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.firm3.example\n\n"
        f"Final-Recipient: rfc822; {address}\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 user unknown\n\n"
        f"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: {number}\nTo: {address}\nSubject: x\n\n--b--\n"
    ).encode()


def answers(port: int) -> bool:
    """Whether somebody listens on a port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Staff:
    """Pages of the console, one for each user, each in a browser profile of its own."""

    def __init__(self, browser: Browser, url: str) -> None:
        self.browser, self.url, self.pages = browser, url, dict[str, Page]()
        self.wrong: list[str] = []
        self.went: list[str] = []  # what was asked and answered, for a failure to show

    def of(self, name: str) -> Page:
        if name not in self.pages:
            page = self.browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 900}).new_page()
            page.on("request", lambda asked: self.went.append(f"asked {asked.method} {asked.url}"))
            page.on("response", lambda told: self.went.append(f"{told.status} {told.url}"))
            page.on("requestfailed", lambda asked: self.went.append(f"no answer {asked.url}: {asked.failure}"))
            page.on("pageerror", lambda error: self.wrong.append(str(error)))
            page.on("console", lambda said: self.wrong.append(said.text) if said.type == "error" else None)
            page.goto(self.url)
            page.fill("#name", name)
            page.fill("#password", PASSWORD)
            page.get_by_role("button", name="登录").click()
            expect(page.get_by_role("heading", name="总览")).to_be_visible()
            self.pages[name] = page
        return self.pages[name]


@pytest.mark.browser
def test_a_month_from_the_word_file_to_the_report(
    tmp_path: Path, relay: Relay, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    public, console = free_port(), free_port()
    news = Newsletter.make(
        tmp_path / "news",
        relay.port,
        f'[web]\nport = {public}\n[bounces]\nmaildir = "var/returned"\n[approval]\nfour_eyes = true\n'
        '[proof]\nto = ["proof@zsia.example"]\n',
    )
    news.set_config('public_url = ""', f'public_url = "http://127.0.0.1:{public}"')
    news.set_config("[console]\nport = 0", f"[console]\nport = {console}")
    box = mailbox.Maildir(str(news.folder / "var" / "returned"))
    for name, role in sorted(PEOPLE.items(), key=lambda one: one[1]):  # the first must be an admin
        by = [] if role == "admin" else ["--as", "管理员"]
        added = news.run_in(f"{PASSWORD}\n", "user", "add", name, "--role", role, "--password-stdin", *by)
        assert added.returncode == 0, added
    word = tmp_path / "简报.docx"
    write_word_file(word)
    serving = news.start_serve()
    news.wait_until(lambda: answers(console))
    staff = Staff(browser, f"http://127.0.0.1:{console}/")
    try:
        write_and_submit(staff, word, relay)
        approve(staff)
        send(staff)
        leave_by_the_web(browser, relay)
        box.add(dsn_about(relay.messages["reader@firm3.example"], "reader@firm3.example"))
        look_at_what_came_back(staff)
    except AssertionError as error:
        error.add_note("\n".join(staff.went[-40:]))
        error.add_note("\n".join(staff.wrong))
        raise
    finally:
        assert end(serving) == 0
    # one refusal was meant: the number typed was another
    assert [one for one in staff.wrong if "status of 422" not in one] == []


def write_and_submit(staff: Staff, word: Path, relay: Relay) -> None:
    page = staff.of("拟稿人")
    page.get_by_role("link", name="各期简报").click()
    edited = page.get_by_role("heading", name="编辑 2020-08 期")
    page.get_by_role("button", name="上传文稿").click()
    page.set_input_files("#document", str(word))
    page.get_by_role("button", name="上传", exact=True).click()
    expect(edited.or_(page.get_by_role("alert")).first).to_be_visible()
    expect(edited).to_be_visible()
    text = page.locator("#text")
    assert "软伴" in text.input_value()
    text.fill(text.input_value().replace("软伴", "软件"))
    expect(page.frame_locator("#look iframe").get_by_text("软件。")).to_be_visible()
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("已保存。")).to_be_visible()
    page.get_by_role("link", name="查看本期").click()
    expect(page.frame_locator(".preview-frame").get_by_role("heading", name="第一件事")).to_be_visible()
    page.get_by_role("button", name="寄样张").click()
    page.get_by_role("button", name="寄出样张").click()
    expect(page.get_by_text("样张已寄出")).to_be_visible()
    assert "proof@zsia.example" in relay.taken
    page.locator('[data-dialog="submit"]').click()
    page.fill("#submit #field-opinion", "请审签")
    page.locator("#submit button[type=submit]").click()
    expect(page.get_by_text("2020-08 期已提交。")).to_be_visible()


def approve(staff: Staff) -> None:
    page = staff.of("审签人")
    page.get_by_role("link", name="查看并审签").click()
    expect(page.get_by_text("请审签")).to_be_visible()
    page.locator('[data-dialog="approve"]').click()
    page.locator("#approve button[type=submit]").click()
    expect(page.get_by_text("2020-08 期已签发，可以发送了。")).to_be_visible()


def send(staff: Staff) -> None:
    page = staff.of("发送人")
    page.get_by_role("main").get_by_role("link", name="发送", exact=True).click()
    page.get_by_role("button", name="下一步：看将发送什么").click()
    expect(page.get_by_role("heading", name="核对无误后确认")).to_be_visible()
    page.fill("#field-count", "9")
    page.get_by_role("button", name="立即发送").click()
    expect(page.get_by_text("输入的数字与份数 10 不符")).to_be_visible()
    page.fill("#field-count", "10")
    page.get_by_role("button", name="立即发送").click()
    expect(page.get_by_text("10 / 10")).to_be_visible(timeout=30_000)  # by server-sent events: nothing is reloaded
    expect(page.locator("[sse-connect] .badge")).to_have_text("已完成", timeout=30_000)


def leave_by_the_web(browser: Browser, relay: Relay) -> None:
    message = email.message_from_bytes(relay.messages["reader@firm5.example"], policy=email.policy.default)
    body = message.get_body(("plain",))
    assert body is not None
    found = re.search(r"http://127\.0\.0\.1:\d+/u/[a-z2-7]{40}", body.get_content())
    assert found is not None
    page = browser.new_context(locale="zh-CN", java_script_enabled=False).new_page()
    page.goto(found[0])
    page.get_by_role("button", name="退订").click()
    expect(page.get_by_text("已为您退订")).to_be_visible()


def look_at_what_came_back(staff: Staff) -> None:
    page = staff.of("发送人")
    page.get_by_role("link", name="来信与退信").click()
    page.get_by_role("button", name="立即收取").click()
    expect(page.get_by_text("新收取 1 封邮件。")).to_be_visible()
    page.get_by_role("link", name="停发").click()
    expect(page.get_by_role("link", name="reader@firm3.example")).to_be_visible()
    page.get_by_role("link", name="发送报告").click()
    page.get_by_role("main").get_by_role("link", name="1", exact=True).click()
    report = page.frame_locator("#report")
    expect(report.get_by_text("reader@firm3.example")).to_be_visible()
    expect(report.locator("svg").first).to_be_visible()
    page.get_by_role("link", name="回到发送任务").click()
    page.fill("#why", "reader@firm3.example")
    page.get_by_role("button", name="查看").click()
    expect(page.get_by_text("退信").first).to_be_visible()
