"""An issue that holds one of everything, with its files: what the forms for print, browser and WeChat must show."""

import io
from dataclasses import replace
from datetime import date

from PIL import Image

from mailer.model.issue import (
    Archive,
    Article,
    Heading,
    Imprint,
    Issue,
    Note,
    Notice,
    Paragraph,
    Picture,
    Section,
    Text,
)
from tests.rendering.samples import make_issue, paragraph

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
LAST_NOTE = "末页的注。"


def make_picture(width: int = 900, height: int = 500) -> bytes:
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize((width, height)).save(buffer, "PNG")
    return buffer.getvalue()


FILES = {"pictures/chart.png": make_picture()}


def make_full_issue(*, archive: Archive = Archive.OFF, pages: int = 1) -> Issue:
    """Return the issue; more `pages` give it so many articles of about a page."""
    plain = make_issue()
    mixed = Article(
        "图文与注",
        (
            Notice("编者按", (paragraph("编者的话放在框里。"),)),
            Heading(3, "（一）总体情况"),
            Paragraph((Text("同比增长6.7%"), Note((Text("据公开数据。"),)), Text("，增速回升。"))),
            Picture("pictures/chart.png", "柱形图：逐月上升", "图1 各月收入"),
            Heading(4, "1．分地区"),
            paragraph(f"东部增长7.3%。{HOSTILE}"),
            paragraph("来源：某某网"),
        ),
    )
    long = tuple(
        Article(f"长文之{number}", tuple(paragraph("全省各地推进数字化改革。" * 20) for _ in range(9)))
        for number in range(1, pages)
    )
    last = Article("末篇", (Paragraph((Text("末页也有注"), Note((Text(LAST_NOTE),)), Text("。"))),))
    return replace(
        plain,
        masthead=replace(plain.masthead, supplement="网络安全专刊", secrecy="内部资料"),
        sections=(
            Section("", (), (paragraph("栏目之前的一段。"),)),
            *plain.sections,
            Section("综合", (mixed, *long, last)),
            Section("不带文章的栏目", (), (paragraph("只有一段。"),)),
        ),
        imprint=Imprint(
            "杭州市某路1号", "310012", "0571-00000000", "office@zsia.example", "编辑部",
            "某省软件行业协会秘书处", date(2020, 7, 31), 300, "更多内容，敬请关注", "https://www.zsia.example/weixin",
        ),
        archive=archive,
    )  # fmt: skip
