"""An office brings in its members' sheet from the command line: looks first, imports, mends, takes it back."""

import json
from pathlib import Path

import openpyxl
import pytest

from tests.flow.newsletter import Newsletter
from tests.sources.staff_sheets import write_merged_xlsx


@pytest.fixture
def newsletter(tmp_path: Path) -> Newsletter:
    made = Newsletter.make(tmp_path / "news", 2525)
    made.set_config('file = "subscribers/members.csv"', "")
    return made


def test_a_members_sheet_from_look_to_undoing(newsletter: Newsletter, tmp_path: Path) -> None:
    sheet, back = write_merged_xlsx(tmp_path / "会员.xlsx"), tmp_path / "退回.xlsx"
    words = ("contacts", "import", str(sheet), "--list", "members")
    shown = newsletter.run(*words, "--dry-run", "--refused", str(back)).stdout
    for line in (
        "columns of sheet 会员: B 单位名称 = Organisation, C 姓名及职务 = Name, D 手机 = Phone, E 电子邮箱 = Address",
        "sheet 旧 is hidden and was not read",
        "sheet 会员, row 4: city of the rows below, no contact: 杭州市",
        "甲公司 张某 处长 <a1@firm1.example>",
        "refused: sheet 会员, row 13: “hidden@firm5.example”: the row is hidden in the sheet",
        "members: new 5, refused 2",
        "nothing was changed (--dry-run)",
    ):
        assert line in shown, shown
    assert "no contact is like that" in newsletter.run("contacts", "list").stdout
    done = json.loads(newsletter.run(*words, "--json", "--as", "某编辑").stdout)
    assert (done["import"], done["counts"]["new"], done["counts"]["refused"]) == (1, 5, 2)
    place = {"sheet", "row", "column", "heading", "value", "reason", "cure"}
    assert all(set(one) == place for one in done["refused"])
    (active,) = [
        one["active"] for one in json.loads(newsletter.run("lists", "--json").stdout) if one["name"] == "members"
    ]
    assert active == 5
    mended = newsletter.run("contacts", "import", str(back), "--list", "members").stdout
    assert "new 1, refused 1" in mended
    assert "某编辑" in newsletter.run("contacts", "imports").stdout
    told = newsletter.run("contacts", "show", "a1@firm1.example").stdout
    assert "basis membership, source import 1: 会员.xlsx" in told
    undone = newsletter.run("contacts", "import", "--undo", "1").stdout
    assert "import 1: 5 gone, 0 off the list but still contacts, 0 put back, 0 stay in part" in undone
    assert "hidden@firm5.example" in newsletter.run("contacts", "list").stdout
    trail = newsletter.run("audit", "list").stdout
    assert "import 1" in trail
    newsletter.run("audit", "verify")


def test_what_is_exported_comes_back_unchanged(newsletter: Newsletter, tmp_path: Path) -> None:
    sheet = write_merged_xlsx(tmp_path / "会员.xlsx")
    newsletter.run("contacts", "import", str(sheet), "--list", "members")
    for kind in ("csv", "xlsx"):
        out = tmp_path / f"out.{kind}"
        assert json.loads(newsletter.run("contacts", "export", "--out", str(out), "--json").stdout)["rows"] == 5
        again = newsletter.run("contacts", "import", str(out), "--list", "members", "--json").stdout
        assert json.loads(again)["counts"]["unchanged"] == 5


def test_a_list_may_follow_a_workbook_and_a_self_service_list_is_sent_to(
    newsletter: Newsletter, tmp_path: Path
) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in (("单位", "邮箱"), ("省经信厅", "office@jxt.example")):
        book.active.append(row)
    book.save(newsletter.folder / "subscribers" / "government.xlsx")
    newsletter.set_config("subscribers/government.csv", "subscribers/government.xlsx")
    assert json.loads(newsletter.run("lists", "sync", "--json").stdout)["government"]["added"] == ["office@jxt.example"]
    file = tmp_path / "s.csv"
    file.write_text("单位,邮箱\n甲,a@b.example\n", "utf-8")
    newsletter.run("contacts", "import", str(file), "--list", "members")
    newsletter.approve()
    assert "follows no sheet" in newsletter.run("lists", "sync", "members", code=1).stderr
    assert [one["active"] for one in json.loads(newsletter.run("lists", "--json").stdout)] == [1, 1]


def test_columns_that_are_not_kept_are_said_and_a_sheet_without_a_row_is_bad_input(
    newsletter: Newsletter, tmp_path: Path
) -> None:
    file = tmp_path / "s.csv"
    file.write_text("单位,邮箱,备注\n甲,a@b.example,老会员\n乙,c@d.example,\n", "utf-8")
    words = ("contacts", "import", str(file), "--list", "members")
    shown = newsletter.run(*words, "--dry-run").stdout
    assert "warning: column C 备注: 1 cell holds something that is not kept" in shown
    assert "备注=attribute" in shown
    newsletter.run(*words, "--map", "备注=attribute")
    listed = json.loads(newsletter.run("contacts", "list", "--find", "a@b", "--json").stdout)
    assert listed[0]["attributes"] == {"备注": "老会员"}
    file.write_text("单位,邮箱\n", "utf-8")
    assert "no row below the headings" in newsletter.run(*words, code=1).stderr


def test_wrong_use_is_said_plainly(newsletter: Newsletter, tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("单位,邮箱\n甲,a@b.example\n", "utf-8")
    assert "--list" in newsletter.run("contacts", "import", str(file), code=2).stderr
    assert "lists sync" in newsletter.run("contacts", "import", str(file), "--list", "government", code=1).stderr
    assert (
        "邮箱=address"
        in newsletter.run("contacts", "import", str(file), "--list", "members", "--map", "邮箱=adress", code=2).stderr
    )
    assert (
        "no sheets"
        in newsletter.run("contacts", "import", str(file), "--list", "members", "--sheet", "x", code=2).stderr
    )
    assert "contacts imports" in newsletter.run("contacts", "import", "--undo", "7", code=1).stderr
    assert "--find" in newsletter.run("contacts", "show", "a@b.example", code=1).stderr
