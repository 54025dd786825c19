"""The editor in a browser: nothing typed is lost, whatever others, the session or the machine do meanwhile."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Dialog, Page, expect

from mailer.model.people import UserRole
from tests.web.console.office import NAMES, PASSWORD, Office
from tests.web.console.test_work import PNG

pytestmark = pytest.mark.browser
EDIT = "/issues/2020-07/edit"


@pytest.fixture
def page(office: Office, browser: Browser, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    monkeypatch.setenv("NO_PROXY", "*")
    context = browser.new_context(locale="en")
    opened = context.new_page()
    log_in(opened, office, "/")
    yield opened
    context.close()


def log_in(page: Page, office: Office, path: str) -> None:
    page.goto(f"{office.url}/login?next={path}")
    page.fill("#name", NAMES[UserRole.EDITOR])
    page.fill("#password", PASSWORD)
    page.locator("main button[type=submit].btn-primary").click()
    page.wait_for_url(f"{office.url}{path}")


def edit(page: Page, office: Office) -> str:
    draft = office.house.drafts.open("2020-07")
    text = re.sub(
        r"(?m)^(subject:.*\n|.*第一段.*)", lambda found: "" if "subject" in found[0] else "正文第一段。", draft.text
    )
    office.house.drafts.save("2020-07", text, draft.digest, NAMES[UserRole.EDITOR])
    page.goto(f"{office.url}{EDIT}")
    return page.input_value("#text")


def saved_by_another(office: Office, before: str, after: str) -> None:
    draft = office.house.drafts.open("2020-07")
    assert before in draft.text
    office.house.drafts.save("2020-07", draft.text.replace(before, after), draft.digest, NAMES[UserRole.EDITOR])


def save(page: Page) -> None:
    page.keyboard.press("Control+s")


def test_a_picture_dropped_in_does_not_keep_the_text_from_being_saved(office: Office, page: Page) -> None:
    text = edit(page, office)
    page.locator("#text").evaluate(
        """(field, bytes) => {
            const moved = new DataTransfer();
            moved.items.add(new File([new Uint8Array(bytes)], "图 1.png", {type: "image/png"}));
            field.dispatchEvent(new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: moved}));
        }""",
        list(PNG),
    )
    expect(page.locator("#files")).to_contain_text("Uploaded: 图-1.png")
    assert page.input_value("#text") == f"{text}\n![](图-1.png)\n", "not at the top, where the head is"
    page.fill("#text", text.replace("正文第一段。", "正文第一段，配图。"))
    save(page)
    expect(page.locator("#saved")).to_contain_text("Saved.")
    assert "配图" in office.house.drafts.open("2020-07").text


def test_what_another_saved_elsewhere_is_joined(office: Office, page: Page) -> None:
    text = edit(page, office)
    saved_by_another(office, "title: 简报", "title: 简报\nsubject: 另一人的题目")
    page.fill("#text", text.replace("正文第一段", "我改的第一段"))
    save(page)
    expect(page.locator("#saved")).to_contain_text("both changes are in the text now")
    now = office.house.drafts.open("2020-07").text
    assert "另一人的题目" in now
    assert "我改的第一段" in now
    assert page.input_value("#text") == now


def test_where_both_changed_one_place_both_are_shown_and_the_browser_goes_there(office: Office, page: Page) -> None:
    text = edit(page, office)
    saved_by_another(office, "正文第一段", "他改的第一段")
    page.fill("#text", text.replace("正文第一段", "我又改的第一段"))
    save(page)
    expect(page.locator("#saved")).to_contain_text("Not saved yet: you have changed 1 place elsewhere too")
    marked = page.input_value("#text")
    assert re.search(r"<<<<<<< .*\n我又改的第一段.*\n=======\n他改的第一段.*\n>>>>>>> ", marked)
    assert "我又改" not in office.house.drafts.open("2020-07").text
    chosen = page.locator("#text").evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert chosen.startswith("<<<<<<<")
    expect(page.locator("#look")).to_contain_text("two versions of this place")
    page.fill("#text", text.replace("正文第一段", "我们的第一段"))
    save(page)
    expect(page.locator("#saved")).to_contain_text("Saved.")
    assert "我们的第一段" in office.house.drafts.open("2020-07").text


def test_text_outlives_the_session(office: Office, page: Page) -> None:
    text = edit(page, office)
    page.fill("#text", text.replace("正文第一段", "未保存的第一段"))
    asked: list[str] = []

    def leave(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", leave)
    page.context.clear_cookies()
    save(page)
    page.wait_for_url(re.compile(r"/login\?next=" + EDIT))
    expect(page.get_by_role("status")).to_contain_text("kept in this browser")
    assert not asked, "nothing is lost by leaving, so nothing is asked"
    log_in(page, office, EDIT)
    expect(page.locator("#kept")).to_be_visible()
    page.locator("[data-put-back]").click()
    assert "未保存的第一段" in page.input_value("#text")
    save(page)
    expect(page.locator("#saved")).to_contain_text("Saved.")
    page.reload()
    expect(page.locator("#kept")).to_be_hidden()


def test_leaving_with_unsaved_text_is_asked_about_even_after_a_preview(office: Office, page: Page) -> None:
    text = edit(page, office)
    with page.expect_response(re.compile("/look$")):
        page.locator("#text").press_sequentially("x")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.once("dialog", stay)
    page.locator("header nav a[href='/contacts']").click(no_wait_after=True)
    page.wait_for_timeout(500)
    assert asked == ["beforeunload"]
    assert page.url.endswith(EDIT)
    page.fill("#text", text)
    save(page)
    expect(page.locator("#saved")).to_contain_text("Saved.")


def test_a_jump_and_a_former_version(office: Office, page: Page) -> None:
    edit(page, office)
    expect(page.locator("#look [data-jump]").first).to_be_visible()
    page.locator("#look [data-jump]", has_text="date").first.click()
    chosen = page.locator("#text").evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert chosen.startswith("date: ")
    saved_by_another(office, "正文第一段", "正文后一段")
    before = office.house.drafts.versions("2020-07")[1].name
    page.goto(f"{office.url}/issues/2020-07/versions?version={before}")
    expect(page.locator(".changes del")).to_have_text("第")
    expect(page.locator(".changes ins")).to_have_text("后")
    page.get_by_role("link", name="Take this text up again").click()
    assert page.input_value("#text") == office.house.drafts.version("2020-07", before)


def test_why_an_act_was_refused_is_said_within_its_dialog(office: Office, page: Page) -> None:
    page.goto(f"{office.url}/issues")
    page.get_by_role("button", name="Upload a document").click()
    page.set_input_files("#document", {"name": "x.exe", "mimeType": "application/x", "buffer": b"MZ"})
    page.locator("#upload button[type=submit]").click()
    expect(page.locator("#upload .alert-danger")).to_contain_text("is no document")
    expect(page.locator("#upload button[type=submit]")).to_be_enabled()
    assert page.evaluate("document.activeElement.type") == "submit", "the focus stays where it was"


def test_cells_of_a_workbook_become_a_table(office: Office, page: Page) -> None:
    text = edit(page, office)
    page.locator("#text").evaluate(
        """field => {
            field.setSelectionRange(field.value.length - 1, field.value.length - 1);
            const moved = new DataTransfer();
            moved.setData("text/plain", '城市\\t"上半年\\n亿元"\\n杭州\\t1|2\\n');
            field.dispatchEvent(new ClipboardEvent("paste", {bubbles: true, cancelable: true, clipboardData: moved}));
        }"""
    )
    assert page.input_value("#text").endswith("\n\n| 城市 | 上半年 亿元 |\n| --- | --- |\n| 杭州 | 1\\|2 |\n")
    page.keyboard.press("Control+z")
    assert page.input_value("#text") == text


def test_beside_the_button_stands_whether_the_text_is_saved(office: Office, page: Page) -> None:
    text = edit(page, office)
    bar = page.locator(".save-bar")
    page.fill("#text", text.replace("正文第一段", "第三次的第一段"))
    save(page)
    expect(bar.get_by_text("Saved.")).to_be_visible()
    page.locator("#text").press("x")
    expect(bar.get_by_text("Saved.")).to_be_hidden()
    expect(bar.get_by_text("Not saved", exact=True)).to_be_visible()
    page.route("**/save", lambda route: route.abort())
    save(page)
    expect(bar.get_by_text("the console did not answer")).to_be_visible()
    page.unroute("**/save")
    page.route("**/save", lambda route: (page.evaluate("text.setRangeText('yy', 0, 0)"), route.continue_()))
    save(page)
    expect(bar.get_by_text("Not saved", exact=True)).to_be_visible()
    assert page.input_value("#text").startswith("yy"), "what is typed while it is saved stays, and is not called saved"
    page.unroute("**/save")
    page.fill("#text", text)
    save(page)
    expect(bar.get_by_text("Saved.")).to_be_visible()


def test_an_upload_by_the_button_renews_the_card_and_says_so(office: Office, page: Page) -> None:
    faults: list[str] = []
    page.on("console", lambda one: faults.append(one.text) if one.type == "error" else None)
    edit(page, office)
    page.set_input_files("#file", {"name": "会议照片 1.png", "mimeType": "image/png", "buffer": PNG})
    page.get_by_role("button", name="Upload").click()
    expect(page.locator("#files").get_by_role("status")).to_contain_text("Uploaded: 会议照片-1.png")
    expect(page.get_by_role("heading", name="Pictures and attachments")).to_have_count(1)
    page.wait_for_timeout(800)
    expect(page.locator("#busy")).to_be_hidden()
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Take 会议照片-1.png out").click()
    expect(page.locator("#files").get_by_role("status")).to_contain_text("was taken out")
    assert not faults


def test_without_javascript_no_preview_is_promised(office: Office, page: Page, browser: Browser) -> None:
    context = browser.new_context(locale="en", java_script_enabled=False, storage_state=page.context.storage_state())
    plain = context.new_page()
    plain.goto(f"{office.url}{EDIT}")
    expect(plain.get_by_text("drawing…").first).to_be_hidden()
    expect(plain.get_by_role("link", name="Save, then look here")).to_be_visible()
    context.close()
