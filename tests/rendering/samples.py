"""An issue of the tests' own, with a bit of everything a bulletin may hold."""

from datetime import date

from mailer.config import Config
from mailer.model.issue import (
    Article,
    Cell,
    CirculationLine,
    Emphasis,
    Imprint,
    Issue,
    LineBreak,
    Link,
    ListBlock,
    Masthead,
    Paragraph,
    Quote,
    Role,
    Row,
    Section,
    Strong,
    Table,
    Text,
)
from tests.conftest import REPOSITORY

TEMPLATES = REPOSITORY / "templates"
VALUES = {
    "recipient.name": "张三",
    "recipient.title": "处长",
    "recipient.organisation": "某某厅",
    "recipient.city": "杭州",
    "recipient.address": "zhang.san@gov.example",
    "links.unsubscribe": "mailto:bulletin@zsia.example?subject=%E9%80%80%E8%AE%A2&body=1",
    "links.unsubscribe_mail": "mailto:bulletin@zsia.example?subject=%E9%80%80%E8%AE%A2&body=2",
    "links.view": "https://news.example.org/v/abcdef",
    "links.received": "https://news.example.org/r/abcdef",
    "links.preferences": "https://news.example.org/preferences/abcdef",
    "links.click": "https://news.example.org/c/abcdef",
    "links.open": "https://news.example.org/o/abcdef",
    "links.tally_click": "https://news.example.org/c/all",
    "links.tally_open": "https://news.example.org/o/all",
}
CITIES = (
    ("杭州", 28, 167, 115, 622),
    ("温州", 1, 5, 4, 17),
    ("嘉兴", 2, 6, 4, 28),
    ("湖州", 0, 1, 1, 2),
)


def make_config(**changes: object) -> Config:
    return Config.model_validate(
        {
            "sender": {"name": "浙江省软件行业协会", "address": "bulletin@zsia.example"},
            "lists": {
                "government": {"title": "政府与主管部门", "role": "报", "file": "g.csv"},
                "members": {
                    "title": "会员单位",
                    "role": "送",
                    "file": "m.csv",
                    "salutation": "尊敬的{name}：",
                },
            },
        }
        | changes
    )


def make_table(totals: tuple[str, ...] = ("31", "179", "124", "669")) -> Table:
    head = (
        Row((Cell("项目", 2), Cell("所属地区", 2), Cell("软件企业", colspan=2), Cell("软件产品", colspan=2))),
        Row((Cell("7月当月数"), Cell("当年累计数"), Cell("7月当月数"), Cell("当年累计数"))),
    )
    body = [Row((Cell(city, header=True), *(Cell(str(figure)) for figure in figures))) for city, *figures in CITIES]
    label = Cell("“双软评估”统计", rowspan=len(CITIES) + 1, header=True)
    body[0] = Row((label, *body[0].cells))
    total = Row((Cell("合计", header=True), *(Cell(figure) for figure in totals)), total=True)
    return Table("7月“双软评估”统计（单位：家、件）", head, (*body, total))


def paragraph(text: str) -> Paragraph:
    return Paragraph((Text(text),))


def make_issue(
    *,
    text: str = "软件业务收入35609亿元，同比增长6.7%。",
    title: str = "全省软件业务平稳增长",
    table: Table | None = None,
    subject: str = "",
) -> Issue:
    rich = Paragraph(
        (
            Text("详见"),
            Link((Strong((Text("通知原文"),)),), "https://www.example.org/notice?a=1&b=2"),
            Text("，联系"),
            Link((Text("office@zsia.example"),), "mailto:office@zsia.example"),
            LineBreak(),
            Emphasis((Text("以原文为准。"),)),
        )
    )
    blocks = (
        paragraph(text),
        ListBlock(ordered=True, items=((paragraph("申报"),), (paragraph("评审"), paragraph("公示")))),
        Quote((paragraph("数据可用不可见。"),)),
        rich,
    )
    return Issue(
        slug="2020-07",
        masthead=Masthead("浙江省软件和信息服务业", "简报", "浙江省软件行业协会", 2020, 7, 113, date(2020, 7, 31)),
        sections=(
            Section("行业要闻", (Article(title, blocks), Article("第二篇", (paragraph("正文。"),)))),
            Section("双软评估", (Article("7月“双软评估”统计", (paragraph("统计如下。"), table or make_table())),)),
        ),
        circulation=(
            CirculationLine(Role.UPWARD, ("省政府办公厅", "省发改委")),
            CirculationLine(Role.SIDEWAYS, ("会员单位",)),
        ),
        imprint=Imprint("杭州市某路1号", "310012", "0571-00000000", "office@zsia.example", "更多内容，敬请关注"),
        subject=subject,
    )
