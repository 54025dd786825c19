"""What the staff do in the console, page by page, without JavaScript."""

import io
import re
import zipfile

import pytest

from mailer.app import ImportOrder
from mailer.model.people import UserRole
from tests.web.console.office import NAMES, PASSWORD, Office, text_of

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360f8cf0000030101"
    "00c9fe92ef0000000049454e44ae426082"
)


@pytest.fixture(scope="module")
def free_list(office: Office) -> str:
    file = office.newsletter.folder / "config.toml"
    file.write_text(
        file.read_text("utf-8") + '\n[lists.friends]\ntitle = "友好单位"\nrole = "发"\njoining = "staff"\n', "utf-8"
    )
    office.house.refresh()
    office.house.lists.sync()
    return "friends"


def digest_of(page: str) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]+)"', page)
    assert found
    return found[1]


def test_a_text_is_saved_kept_as_a_version_and_never_over_anothers(office: Office) -> None:
    page = office.editor.get("/issues/2020-07/edit")
    text = office.house.drafts.open("2020-07").text
    changed = text.replace("正文第一段。", "正文<script>第二稿。")
    done = office.editor.act_and_look("/issues/2020-07/save", text=changed, digest=digest_of(page))
    assert "Saved." in text_of(done)
    assert office.house.drafts.open("2020-07").text == changed
    both = office.editor.act(
        "/issues/2020-07/save", 200, text=text.replace("正文第一段。", "第三稿。"), digest=digest_of(page)
    )
    assert "&lt;&lt;&lt;&lt;&lt;&lt;&lt; your text\n第三稿。\n=======\n正文&lt;script&gt;第二稿。\n" in both.text
    assert office.house.drafts.open("2020-07").text == changed, "neither is lost, and nothing is written"
    assert digest_of(both.text) == office.house.drafts.open("2020-07").digest
    version = re.search(r'href="\?version=([^"]+\.md)"', office.editor.get("/issues/2020-07/versions"))
    assert version
    oldest = office.house.drafts.versions("2020-07")[-1].name
    shown = office.editor.get("/issues/2020-07/versions", version=oldest)
    assert "正文<ins>&lt;script&gt;" in shown
    office.editor.get("/issues/2020-07/versions", 422, version="../../config.toml")


def test_a_preview_is_a_document_without_any_right(office: Office) -> None:
    answer = office.editor.client.get("/issues/2020-07/preview/members")
    assert answer.headers["content-security-policy"].startswith("sandbox")
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "<script>第二稿" not in answer.text
    looked = office.editor.client.post(
        "/issues/2020-07/look", data={"csrf": office.editor.csrf, "text": "no issue", "list": "members"}
    )
    assert "alert-danger" in looked.text
    draft = office.house.drafts.open("2020-07")
    office.house.drafts.save("2020-07", draft.text.replace("<script>", ""), draft.digest, office.editor.name)


def test_pictures_are_put_in_by_what_they_are(office: Office) -> None:
    path = "/issues/2020-07/files"
    office.editor.act(path, files={"file": ("../../图 1.png", io.BytesIO(PNG), "image/png")})
    names = [one.name for one in office.house.drafts.open("2020-07").files]
    assert names == ["图-1.png"]
    shown = office.editor.client.get(f"{path}/图-1.png")
    assert (shown.headers["content-type"], shown.content) == ("image/png", PNG)
    office.editor.act(path, 422, files={"file": ("x.png", io.BytesIO(b"<svg onload=1>"), "image/png")})
    office.editor.act(path, 422, files={"file": ("x.exe", io.BytesIO(b"MZ"), "application/octet-stream")})
    office.editor.act(f"{path}/remove", name="图-1.png")
    for name in ("假的.docx", "a.py", "a.pdf", "a.xls"):
        office.editor.act(path, 422, files={"file": (name, io.BytesIO(b"fake"), "application/octet-stream")})
    sheet = io.BytesIO()
    with zipfile.ZipFile(sheet, "w") as packed:
        packed.writestr("word/document.xml", "<w/>")
    office.editor.act(path, 422, files={"file": ("通知（第1稿）.xlsx", sheet.getvalue(), "application/x")})
    office.editor.act(path, files={"file": ("通知（第1稿）.docx", sheet.getvalue(), "application/x")})
    assert [one.name for one in office.house.drafts.open("2020-07").files] == ["通知-第1稿.docx"]
    office.editor.act(f"{path}/remove", name="通知-第1稿.docx")
    assert office.house.drafts.open("2020-07").files == ()


def test_the_next_issue_is_begun_once(office: Office) -> None:
    office.editor.act("/issues/next")
    assert len(office.house.issues.slugs()) == 2
    assert "is begun and not written yet" in office.editor.act("/issues/next", 422).text


def test_a_contact_is_put_on_a_list_corrected_taken_off_and_erased(office: Office, free_list: str) -> None:
    address = "new@friend.example"
    office.editor.act("/contacts/join", 422, address="no address", list=free_list, source="letter")
    page = office.editor.act_and_look("/contacts/join", address=address, list=free_list, source="letter", name="<b>甲")
    assert "&lt;b&gt;甲" in page
    assert "letter" in page
    office.editor.act("/contacts/change", address=address, city="宁波")
    office.editor.act("/contacts/leave", address=address, list=free_list, reason="asked by phone")
    told = text_of(office.editor.get("/contacts/show", address=address))
    assert "宁波" in told
    assert "asked by phone" in told
    office.admin.act("/contacts/forget", 422, address=address, confirm="other@friend.example")
    handed = office.admin.act("/contacts/data", 200, address=address)
    assert "attachment" in handed.headers["content-disposition"]
    office.admin.act("/contacts/forget", address=address, confirm=address)
    assert "甲" not in office.editor.get("/contacts/show", address=address), (
        "that nothing is sent to it is all that is kept"
    )


def test_a_sheet_is_looked_at_then_imported_then_undone(office: Office, free_list: str) -> None:
    sheet = "单位,邮箱\n甲单位,one@sheet.example\n乙单位,not an address\n".encode("gb18030")
    looked = office.editor.act(
        "/imports/check", 200, files={"sheet": ("名单.csv", io.BytesIO(sheet))}, list=free_list
    ).text
    assert "one@sheet.example" in looked
    assert "not an address" in looked
    assert office.house.contacts.imports(5) == [], "nothing is imported yet"
    key = re.search(r'name="key" value="([^"]+)"', looked)
    assert key
    refused = office.editor.get(f"/imports/refused/{key[1]}")
    assert "not an address" in refused
    office.editor.act("/imports/apply", key=key[1], list=free_list)
    (record,) = office.house.contacts.imports(5)
    assert (record.by, record.file_name) == (NAMES[UserRole.EDITOR], "名单.csv")
    assert "1 gone" in text_of(office.editor.act_and_look("/imports/undo", number=record.number))
    office.editor.act("/imports/apply", 422, key="../../../etc/passwd", list=free_list)
    other = ImportOrder(office.newsletter.folder / "subscribers" / "members.csv", "members")
    assert other.list_name in text_of(
        office.editor.act("/imports/check", 422, files={"sheet": ("a.csv", b"x@y.example")}, list="members").text
    )


def test_a_column_nobody_knows_is_said_and_kept_on_wish(office: Office, free_list: str) -> None:
    sheet = "单位,邮箱,备注\n甲单位,noted@sheet.example,老会员\n".encode()
    looked = office.editor.act(
        "/imports/check", 200, files={"sheet": ("名单.csv", io.BytesIO(sheet))}, list=free_list
    ).text
    assert "column C 备注: 1 cell holds something that is not kept" in text_of(looked)
    key = re.search(r'name="key" value="([^"]+)"', looked)
    assert key
    again = office.editor.act("/imports/check", 200, key=key[1], list=free_list, heading="备注", field="attribute").text
    assert "not kept" not in text_of(again)
    assert '<option value="attribute:备注" selected>' in again
    office.editor.act("/imports/apply", key=key[1], list=free_list, heading="备注", field="attribute")
    assert "老会员" in text_of(office.editor.get("/contacts/show", address="noted@sheet.example"))


def test_an_address_is_suppressed_and_let_go_again(office: Office, free_list: str) -> None:
    assert free_list, "the lists are read, so that the address has a contact"
    office.sender.act("/suppressions/add", address="reader@firm1.example", reason="asked")
    assert "reader@firm1.example" in office.editor.get("/suppressions", q="FIRM1")
    office.sender.act("/suppressions/lift", address="reader@firm1.example", reason="asked again")
    assert "reader@firm1.example" not in office.editor.get("/suppressions")


def test_users_are_registered_changed_and_shut_out(office: Office) -> None:
    office.admin.act("/users/add", 422, name="新人", role="editor", password="short")
    assert "新人" not in {one.name for one in office.house.people.list()}
    office.admin.act("/users/add", name="新人", role="editor", password=PASSWORD)
    with office.visitor() as client:
        client.post("/login", data={"name": "新人", "password": PASSWORD})
        assert client.get("/").status_code == 200
        office.admin.act("/users/password", name="新人", password=f"{PASSWORD} two")
        assert client.get("/").status_code == 303, "S19: whoever was logged in is out"
        client.post("/login", data={"name": "新人", "password": f"{PASSWORD} two"})
        assert client.get("/").status_code == 200
        office.admin.act("/users/enable", name="新人", on="no")
        assert client.get("/").status_code == 303
    assert "新人" in office.admin.get("/trail")


def test_a_password_is_changed_by_who_knows_it(office: Office) -> None:
    office.house.people.add("改密", [UserRole.EDITOR], NAMES[UserRole.ADMIN])
    office.house.access.set_password("改密", PASSWORD, NAMES[UserRole.ADMIN])
    with office.visitor() as client, office.visitor() as other:
        for one in (client, other):
            one.post("/login", data={"name": "改密", "password": PASSWORD})
        session = office.house.access.find_session(client.cookies["mailer_session"])
        assert session is not None
        form = {"csrf": session.csrf, "current": PASSWORD, "new": f"{PASSWORD}!", "again": f"{PASSWORD}!"}
        assert client.post("/account/password", data={**form, "current": "wrong"}).status_code == 422
        assert client.post("/account/password", data={**form, "again": "x"}).status_code == 422
        assert client.post("/account/password", data=form).status_code == 303
        assert client.get("/").status_code == 200, "this browser has a new session"
        assert other.get("/").status_code == 303


def test_the_settings_show_no_secret(office: Office) -> None:
    page = office.admin.get("/settings")
    assert "127.0.0.1" in page
    secret = (office.newsletter.folder / "var" / "secret.json").read_text("utf-8")
    words = re.findall(r'"([A-Za-z0-9+/=_-]{20,})"', secret)
    assert words, "the house has a secret to look for"
    for word in words:
        for path in ("/settings", "/trail", "/users", "/relays"):
            assert word not in office.admin.get(path)


def test_the_doctors_findings_stand_above_the_settings(office: Office) -> None:
    page = text_of(office.editor.get("/settings"))
    assert "Returned mail is not read." in page
    assert "Look it over thoroughly" not in page
    sheet = office.newsletter.folder / "subscribers" / "members.csv"
    kept = sheet.read_text("utf-8")
    (office.newsletter.folder / "var" / "secret.json").chmod(0o640)
    sheet.write_text("单位,邮箱\n甲<b>,no address\n", "utf-8")
    try:
        glance, _settings = office.admin.get("/settings").split("The settings as they are")
        assert "members.csv" not in glance, "it takes too long"
        thorough, _settings = office.admin.act("/settings/examine", 200).text.split("The settings as they are")
        assert "subscribers/members.csv" in thorough
        assert "chmod 600 var/secret.json" in thorough
        assert str(office.newsletter.folder) not in thorough
    finally:
        sheet.write_text(kept, "utf-8")
        (office.newsletter.folder / "var" / "secret.json").chmod(0o600)
    office.editor.act("/settings/examine", 403)


def test_hostile_words_are_words_everywhere(office: Office, free_list: str) -> None:
    evil = "<img src=x onerror=alert(1)>"
    office.house.persons.join(
        "evil@friend.example", free_list, NAMES[UserRole.EDITOR], source=evil, name=evil, organisation=evil, city=evil
    )
    for path in (
        "/contacts",
        "/contacts/show?address=evil@friend.example",
        "/organisations",
        f"/contacts?q={evil}",
        f"/trail?issue={evil}",
        f"/suppressions?q={evil}",
    ):
        answer = office.editor.client.get(path)
        assert "<img src=x" not in answer.text, path
        assert answer.status_code < 500
    for words in ("' OR 1=1 --", "%", "_", "\\", "a" * 5000, "\0"):
        for path in ("/contacts", "/mailings/1/copies", "/suppressions", "/organisations"):
            assert office.editor.client.get(path, params={"q": words, "city": words, "after": words}).status_code < 500
