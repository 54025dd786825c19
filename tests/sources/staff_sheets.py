"""Sheets as an office has them, made anew for each test: a workbook with everything on it that goes wrong."""

import io
from datetime import date
from pathlib import Path

import openpyxl

# cell of the column of addresses, the addresses that are taken from it, and what is refused with a word of the cure
DIRTY: tuple[tuple[object, tuple[str, ...], tuple[tuple[str, str], ...]], ...] = (
    ("good@firm.example", ("good@firm.example",), ()),
    (" blanks@firm.example ", ("blanks@firm.example",), ()),
    ("\u3000wide@firm.example\u3000", ("wide@firm.example",), ()),
    ("ｗｉｄｅ２＠ｆｉｒｍ．ｅｘａｍｐｌｅ", ("wide2@firm.example",), ()),
    ("at＠firm.example", ("at@firm.example",), ()),
    ("two1@firm.example;two2@firm.example", ("two1@firm.example", "two2@firm.example"), ()),
    ("w1@firm.example；w2@firm.example", ("w1@firm.example", "w2@firm.example"), ()),
    ("d1@firm.example、d2@firm.example", ("d1@firm.example", "d2@firm.example"), ()),
    ("c1@firm.example, c2@firm.example", ("c1@firm.example", "c2@firm.example"), ()),
    ("s1@firm.example/s2@firm.example", ("s1@firm.example", "s2@firm.example"), ()),
    ("n1@firm.example\nn2@firm.example", ("n1@firm.example", "n2@firm.example"), ()),
    ("b1@firm.example b2@firm.example", ("b1@firm.example", "b2@firm.example"), ()),
    ("end@firm.example；", ("end@firm.example",), ()),
    ("slash/in@firm.example", ("slash/in@firm.example",), ()),
    ("ok@firm.example；坏", ("ok@firm.example",), (("坏", "name@domain.example"),)),
    ("typo@163.con", ("typo@163.con",), ()),
    ("zhang163.com", (), (("zhang163.com", "zhang@163.com"),)),
    ("dot@firm.example.", (), (("dot@firm.example.", "dot@firm.example"),)),
    ("dots@firm..example", (), (("dots@firm..example", "dots@firm.example"),)),
    ("in side@firm.example", (), (("in side@firm.example", "inside@firm.example"),)),
    ("hash#qq.com", (), (("hash#qq.com", "hash@qq.com"),)),
    ("comma@qq,com", (), (("comma@qq,com", "comma@qq.com"),)),
    ("nodot@163com", (), (("nodot@163com", "nodot@163.com"),)),
    ("twice@@qq.com", (), (("twice@@qq.com", "twice@qq.com"),)),
    ("mailto:link@firm.example", (), (("mailto:link@firm.example", "link@firm.example"),)),
    ("张某<shown@firm.example>", (), (("张某<shown@firm.example>", "shown@firm.example"),)),
    ("无", (), (("无", "name@domain.example"),)),
    ("暂缺", (), (("暂缺", "name@domain.example"),)),
    (13800000000, (), (("13800000000", "name@domain.example"),)),
    (None, (), (("", "write the address"),)),
    ("GOOD@firm.example", (), (("GOOD@firm.example", "keep one"),)),
    ("alice@gov.example]<bob@evil.example>", (), (("alice@gov.example]<bob@evil.example>", "bob@evil.example"),)),
    ("local@host", (), (("local@host", "name@domain.example"),)),
    ("ip@[127.0.0.1]", (), (("ip@[127.0.0.1]", "name@domain.example"),)),
)  # fmt: skip
DIRTY_HEAD = ("单位", "联系人", "电子邮箱", "手机")


def dirty_rows() -> list[tuple[object, ...]]:
    """The rows of the dirty sheet below its headings."""
    return [(f"单位{at}", f"某{at}", cell, f"0571-{at}") for at, (cell, _taken, _refused) in enumerate(DIRTY)]


def write_dirty_xlsx(file: Path) -> Path:
    """The dirty cells as a workbook."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "名单"
    sheet.append(DIRTY_HEAD)
    for row in dirty_rows():
        sheet.append(row)
    book.save(file)
    return file


GBK_SHEET = (
    "单位,姓名,职务,城市,邮箱,电话\r\n"
    "某软件股份有限公司（杭州）,张某,总经理,杭州,zhang@firm1.example,0571-00000001\r\n"
    '"一、二、三，""四""公司",李某,,温州,li@firm2.example;li2@firm2.example,="057100000002"\r\n'
    "镕基喆科技,王某,主任,宁波,wang@firm3.example,1.38E+10\r\n"
    ",,,,,\r\n"
).encode("gb18030")


def write_merged_xlsx(file: Path) -> Path:
    """A workbook with a title, headings in two rows, cities and units over several rows, a total and a note."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "会员"
    rows: tuple[tuple[object, ...], ...] = (
        ("某省会员单位通讯录",),
        ("序号", "单位名称", "联系人", None, "电子邮箱", "入会日期"),
        (None, None, "姓名及职务", "手机", None, None),
        ("杭州市（3家）",),
        (1, "甲公司", "张某 处长", 13800000001, "a1@firm1.example", date(2020, 1, 2)),
        (2, None, "李某（主任）", 13800000002.0, "a2@firm1.example", None),
        (3, None, "欧阳某某", "138-0000-0003", "a3@firm1.example", None),
        (4, "乙公司", "张处长", None, "b1@firm2.example", None),
        ("二、温州市",),
        (5, "丙公司", "赵某", None, "c1@firm3.example", None),
        ("序号", "单位名称", "联系人", None, "电子邮箱", "入会日期"),
        (6, "丁公司", "钱某", None, '="d1"&"@firm4.example"', None),
        (7, "戊公司", "孙某", None, "hidden@firm5.example", None),
        ("合计", None, None, None, 7, None),
        ("注：以上名单由秘书处提供。",),
    )
    for row in rows:
        sheet.append(row)
    for area in ("A1:F1", "C2:D2", "A2:A3", "B2:B3", "E2:E3", "F2:F3", "A4:F4", "B5:B7", "A9:F9"):
        sheet.merge_cells(area)
    sheet.row_dimensions[13].hidden = True
    book.create_sheet("填表说明").append(["怎么填"])
    book.create_sheet("旧").append(["邮箱"])
    book["旧"].sheet_state = "hidden"
    book.save(file)
    return file


def utf16(text: str) -> bytes:
    """Excel's “Unicode text”: UTF-16 with its mark, and tabs."""
    stream = io.BytesIO(text.replace(",", "\t").encode("utf-16"))
    return stream.getvalue()
