"""Links, alt texts, markings of secrecy, advertising and the subject: one row a case."""

import dataclasses

import pytest

from mailer.model.edition import Edition
from mailer.model.issue import (
    Block,
    Cell,
    Emphasis,
    Inline,
    Issue,
    Link,
    ListBlock,
    Note,
    Notice,
    Paragraph,
    Picture,
    Row,
    Table,
    Text,
)
from mailer.model.report import Severity
from mailer.rendering.preflight.links import check_links, gather_links
from mailer.rendering.preflight.pictures import check_pictures
from mailer.rendering.preflight.secrecy import check_secrecy
from mailer.rendering.preflight.subject import check_advertising, check_subject
from tests.rendering.samples import make_issue

E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE


def issue_of(*blocks: Block) -> Issue:
    issue = make_issue()
    section = issue.sections[0]
    article = dataclasses.replace(section.articles[0], blocks=blocks, line=12)
    return dataclasses.replace(issue, sections=(dataclasses.replace(section, articles=(article,)),))


def link(target: str, text: str = "通知原文") -> Paragraph:
    return Paragraph((Link((Text(text),), target),))


@pytest.mark.parametrize(
    ("target", "severity"),
    [
        ("https://www.example.org/notice?a=1&b=2", None),
        ("http://示例.example/通知", None),
        ("https://xn--fsq.example", None),
        ("HTTPS://www.example.org", None),
        ("https://web.example/save?url=https://other.example/a", None),
        ("https://203.0.114.1/a", None),
        ("mailto:office@zsia.example?subject=x", None),
        ("tel:+86-571-00000000", None),
        ("mailto:office", E),
        ("mailto:", E),
        ("tel:abc", E),
        ("javascript:alert(1)", E),
        ("ftp://a.example/x", E),
        ("www.example.org", E),
        ("https://", E),
        ("https://example", E),
        ("https://a b.example", E),
        ("https://[::1", E),
        ("https://a.example:99999/", E),
        ("http://https://a.example", E),
        ("https://a..example", E),
        ("http://localhost/x", E),
        ("http://127.0.0.1/x", E),
        ("http://10.1.2.3/x", E),
        ("http://[::1]/x", E),
        ("http://169.254.169.254/", E),
        ("http://oa.intranet/x", E),
        ("https://a.example/x。", W),
        ("https://a.example/x）", W),
        ("https://name:pass@a.example/", W),
        ("https://a.example:8443/", N),
    ],
)
def test_a_link_that_cannot_lead_anywhere_is_said(target: str, severity: Severity | None) -> None:
    found = check_links(issue_of(link(target)))
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all(each.place == "issues/2020-07/issue.md:12: 全省软件业务平稳增长" and each.cure for each in found)


@pytest.mark.parametrize(
    ("text", "vague"),
    [
        ("点击这里", True), ("请点击此处", True), ("这里", True), ("here", True), ("Click here", True), ("详情", True),
        ("查看详情>>", True), ("阅读原文", False), ("Read more", True), ("链接", True), ("点击查看", True), (" ", True),
        ("关于申报的通知", False), ("此处公示名单", False), ("heritage", False), ("https://a.example", False),
    ],
)  # fmt: skip
def test_a_link_text_that_says_nothing_is_a_warning(text: str, vague: bool) -> None:
    found = check_links(issue_of(link("https://a.example/x", text)))
    assert [each.severity for each in found] == ([W] if vague else [])


def test_links_are_found_wherever_they_stand() -> None:
    def inside(number: int) -> Inline:
        return Link((Text("甲"),), f"https://{number}.a.example/")

    blocks = (
        Paragraph((Emphasis((inside(1),)), Note((inside(2),)))),
        ListBlock(False, ((Paragraph((inside(3),)),),)),
        Notice("按语", (Paragraph((inside(4),)),)),
    )
    issue = issue_of(*blocks, Paragraph((inside(1),)))
    issue = dataclasses.replace(issue, imprint=dataclasses.replace(issue.imprint, qr="https://5.a.example/"))
    assert [target for _place, target in gather_links(issue)] == [f"https://{n}.a.example/" for n in (1, 2, 3, 4, 5)]


@pytest.mark.parametrize(
    ("alt", "said"),
    [
        ("", "no alt text"), ("  ", "no alt text"), ("IMG_2020.JPG", "says nothing"), ("image1", "says nothing"),
        ("图片 3", "says nothing"), ("微信图片_20200731", "says nothing"), ("会场", "says nothing"),
        ("截图（2）", "says nothing"), ("会场全景，台上为主席团", ""), ("图书馆外景", ""), ("2020年收入走势图", ""),
    ],
)  # fmt: skip
def test_a_picture_says_what_it_shows(alt: str, said: str) -> None:
    found = check_pictures(issue_of(Picture("pictures/会场.jpg", alt)))
    assert [each.severity for each in found] == ([W] if said else [])
    assert all(said in each.text and "会场.jpg" in each.text + each.cure for each in found)


@pytest.mark.parametrize(
    ("marking", "severity"),
    [
        ("", None), ("秘密", E), ("机密", E), ("绝密", E), ("秘密★1年", E), ("机密★", E), ("绝密 ★ 长期", E),
        ("秘密　1年", E), ("机密级", E), ("内部资料", E), ("内 部 资 料", E), ("内部资料，注意保存", E),
        ("内部资料 不得外传", E), ("内部文件", E), ("急件", W), ("仅供参考", W),
    ],
)  # fmt: skip
def test_a_marking_in_the_masthead(marking: str, severity: Severity | None) -> None:
    issue = make_issue()
    marked = dataclasses.replace(issue, masthead=dataclasses.replace(issue.masthead, secrecy=marking))
    assert [each.severity for each in check_secrecy(marked)] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("text", "noted"),
    [
        ("企业内部的管理系统也要升级。", False), ("加强内部资料管理制度建设是重点。", False), ("内部资料", True),
        ("商业秘密保护条例即将施行。", False), ("国家秘密的范围由法律规定。", False), ("秘密★3年", True),
        ("本文标有“机密★”字样。", True), ("内部资料，注意保存", True), ("绝密档案解密。", False),
    ],
)  # fmt: skip
def test_only_what_is_set_as_a_marking_is_noted_in_the_text(text: str, noted: bool) -> None:
    found = check_secrecy(issue_of(Paragraph((Text(text),))))
    assert [each.severity for each in found] == ([N] if noted else [])


def subject_of(subject: str) -> Edition:
    return Edition("2020-07", "members", "zh_CN", (subject,), (), ())


@pytest.mark.parametrize(
    ("subject", "severity", "said"),
    [
        ("浙江省软件和信息服务业简报 2020年第7期（总第113期）", None, ""),
        ("", E, "empty"),
        ("  ", E, "empty"),
        ("长" * 41, W, "82"),
        ("长" * 40, None, ""),
        ("GREAT NEWS FOR YOU TODAY", W, "shouts"),
        ("IT 2020", None, ""),
        ("好消息！！", W, "shouts"),
        ("Hello! Buy!", W, "shouts"),
        ("Re: 简报", W, "answer"),
        ("回复：简报", W, "answer"),
        ("转发：简报", W, "answer"),
    ],
)
def test_a_subject_is_looked_at(subject: str, severity: Severity | None, said: str) -> None:
    found = check_subject(subject_of(subject), {})
    assert [each.severity for each in found] == ([severity] if severity else [])
    assert all(said in each.text for each in found)


@pytest.mark.parametrize(
    ("declared", "subject", "text", "severity"),
    [
        (False, "简报", "软件业务收入增长。", None),
        (True, "简报", "软件业务收入增长。", E),
        (True, "广告 简报", "x", None),
        (True, "（广告）简报", "x", None),
        (True, "(AD) Bulletin", "x", None),
        (True, "AD: Bulletin", "x", None),
        (True, "ADAS Bulletin", "x", E),
        (True, "简报（广告）", "x", E),
        (False, "广告 简报", "x", N),
        (False, "广告业务统计简报", "x", N),
        (False, "简报", "限时优惠，立即购买，咨询热线0571。", N),
        (False, "简报", "会员团购价8折起。", N),
        (False, "简报", "打造优惠政策高地，促进消费。", None),
    ],
)
def test_advertising_says_so(declared: bool, subject: str, text: str, severity: Severity | None) -> None:
    issue = dataclasses.replace(issue_of(Paragraph((Text(text),))), advertisement=declared)
    found = check_advertising(subject_of(subject), issue, {})
    assert [each.severity for each in found] == ([severity] if severity else [])


def test_words_in_tables_count_too() -> None:
    table = Table("t", (), (Row((Cell("立即购买"),)),))
    assert [each.severity for each in check_advertising(subject_of("简报"), issue_of(table), {})] == [N]
