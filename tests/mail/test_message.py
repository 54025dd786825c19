"""One delivery's bytes, read back with the standard library."""

import email
import email.header
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.errors import InputError
from mailer.mail.letterhead import Letterhead, envelope_sender
from mailer.mail.message import compose_message, make_composer
from mailer.mail.parts import read_parts
from mailer.model.delivery import Delivery, Recipient
from mailer.model.edition import (
    EMPTY_PICTURE,
    LINK_FIELDS,
    RECIPIENT_FIELDS,
    SLOT_NAMES,
    TRACKING_FIELDS,
    Asset,
    Edition,
    Segment,
    Slot,
    SlotContext,
    fill_segments,
    freeze_edition,
    lead_straight,
)  # fmt: skip
from mailer.model.reading import TrackedLink
from mailer.tokens import HouseSecret, Purpose, read_token, sign_token, split_tally, tally_number
from tests.mail.carried import to_wire

SECRET = HouseSecret(1, {1: b"k" * 32})
TOKEN = sign_token(SECRET, Purpose.BOUNCE, 7)
EXPECTED = {
    "from", "reply-to", "list-id", "to", "subject", "date", "message-id", "list-unsubscribe", "x-jianbao-delivery",
    "mime-version", "content-type", "feedback-id",
}  # fmt: skip
FIELDS = ("name", "title", "organisation", "city")
HOSTILE = [
    "张三\r\nBcc: v@x.example",
    "a\nX-Evil: 1",
    "a\r\n\r\n<html>body</html>",
    "=?UTF-8?Q?=0A?=Bcc: v@x.example",
    "=?utf-8?b?DQpCY2M6IHZAeC5leGFtcGxl?=",
    "a\x85Bcc: v@x.example",
    "a\u2028Bcc: v@x.example",
    "\n.\r\nMAIL FROM:<v@x.example>",
    "{{ 7*7 }} <script>alert(1)</script>",
    'a" <v@x.example>',
    "\ud800",
    "\0",
]


def make_letterhead(public_url: str = "", sender_name: str = "某省软件行业协会") -> Letterhead:
    return Letterhead(
        sender_name=sender_name,
        sender_address="bulletin@news.example",
        reply_to="office@news.example",
        answers="office@news.example",
        list_id="members.news.example",
        list_title="会员单位",
        public_url=public_url,
        zone=ZoneInfo("Asia/Shanghai"),
        secret=SECRET,
    )


def make_edition() -> Edition:
    def slot(name: str, context: SlotContext) -> Slot:
        return Slot(f"recipient.{name}", context, "读者")

    return freeze_edition(Edition(
        "2020-07",
        "members",
        "zh_CN",
        ("软件简报 2020年第7期 ", slot("name", SlotContext.SUBJECT)),
        ("<p>", *(slot(name, SlotContext.TEXT) for name in (*FIELDS, "address")), "您好！</p>\n<a href=\"",
         Slot("links.unsubscribe", SlotContext.URL), '">退订</a>\n', "正文。" * 500),
        (*(slot(name, SlotContext.PLAIN) for name in (*FIELDS, "address")), "您好！\n退订：",
         Slot("links.unsubscribe", SlotContext.PLAIN), "\n.\n..\nFrom here\n"),
    ))  # fmt: skip


def make_delivery(recipient: Recipient | None = None) -> Delivery:
    moment = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)
    return Delivery(
        id=7,
        mailing_id=1,
        issue_slug="2020-07",
        list_name="members",
        edition_id=1,
        recipient=recipient or Recipient("zhang@member.example", "张三", "经理", "某公司", "杭州"),
        message_id=f"<{TOKEN}@news.example>",
        token=TOKEN,
        sent_date=moment,
        clock_from=moment,
        attempts=0,
        lease="l",
    )


def link(letterhead: Letterhead, name: str) -> str:
    """A link of the delivery with number 7."""
    found = letterhead.link(name)
    if found is None:
        return ""
    tally = found.purpose in (Purpose.TALLY_CLICK, Purpose.TALLY_OPEN)
    delivery = make_delivery()
    number = tally_number(delivery.mailing_id, delivery.edition_id) if tally else delivery.id
    return found.start + sign_token(SECRET, found.purpose, number)


def read(message: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    assert not parsed.defects
    return parsed


def bodies(parsed: EmailMessage) -> tuple[str, str]:
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    assert text is not None
    assert html is not None
    assert text.get_content_charset() == html.get_content_charset() == "utf-8"
    return str(text.get_content()), str(html.get_content())


def test_both_parts_are_utf8_with_every_slot_filled() -> None:
    parsed = read(compose_message(make_edition(), make_delivery(), make_letterhead()))
    assert parsed.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in parsed.iter_parts()] == ["text/plain", "text/html"]
    assert [part["Content-Transfer-Encoding"] for part in parsed.iter_parts()] == ["base64", "base64"]
    text, html = bodies(parsed)
    assert text.startswith("张三经理某公司杭州zhang@member.example您好！")
    assert html.startswith("<p>张三经理某公司杭州zhang@member.example您好！</p>")
    assert parsed["Subject"] == "软件简报 2020年第7期 张三"


def test_the_headers_are_these_and_no_others() -> None:
    parsed = read(compose_message(make_edition(), make_delivery(), make_letterhead()))
    assert {name.lower() for name in parsed.keys()} == EXPECTED  # noqa: SIM118 - a message is no dict
    assert len(parsed.keys()) == len(EXPECTED)
    assert parsed["From"] == "某省软件行业协会 <bulletin@news.example>"
    assert parsed["To"] == "zhang@member.example"
    assert parsed["Reply-To"] == "office@news.example"
    assert parsed["Date"] == "Fri, 31 Jul 2020 10:00:00 +0800"
    assert parsed["Message-ID"] == f"<{TOKEN}@news.example>"
    assert parsed["List-Id"] == "会员单位 <members.news.example>"
    assert parsed["X-Jianbao-Delivery"] == TOKEN
    assert parsed["Auto-Submitted"] is None


def test_without_a_public_url_the_way_out_is_a_mail() -> None:
    letterhead = make_letterhead()
    parsed = read(compose_message(make_edition(), make_delivery(), letterhead))
    mail = link(letterhead, "unsubscribe_mail")
    assert parsed["List-Unsubscribe"] == f"<{mail}>"
    assert parsed["List-Unsubscribe-Post"] is None
    match = re.fullmatch(r"mailto:office@news\.example\?subject=unsubscribe%20([a-z2-7]{40})", mail)
    assert match is not None
    assert read_token(SECRET, Purpose.UNSUBSCRIBE, match[1]) == 7
    assert read_token(SECRET, Purpose.BOUNCE, match[1]) is None
    assert all(mail in body for body in bodies(parsed))


def test_with_a_public_url_https_stands_first_and_one_click_works() -> None:
    letterhead = make_letterhead("https://news.example")
    parsed = read(compose_message(make_edition(), make_delivery(), letterhead))
    web = link(letterhead, "unsubscribe")
    assert web.startswith("https://news.example/u/")
    assert parsed["List-Unsubscribe"] == f"<{web}>, <{link(letterhead, 'unsubscribe_mail')}>"
    assert parsed["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert all(web in body for body in bodies(parsed))


def test_plain_http_offers_no_one_click() -> None:
    parsed = read(compose_message(make_edition(), make_delivery(), make_letterhead("http://10.0.0.5:8025")))
    assert parsed["List-Unsubscribe"].startswith("<mailto:")
    assert parsed["List-Unsubscribe-Post"] is None


def test_the_same_delivery_gives_the_same_bytes() -> None:
    first = compose_message(make_edition(), make_delivery(), make_letterhead())
    assert first == compose_message(make_edition(), make_delivery(), make_letterhead())
    changed = freeze_edition(replace(make_edition(), text=("x",)))
    other = compose_message(changed, make_delivery(), make_letterhead())
    assert read(first).get_boundary() != read(other).get_boundary()


def test_lines_end_in_crlf_and_base64_lines_have_76_columns() -> None:
    message = compose_message(make_edition(), make_delivery(), make_letterhead())
    assert message.endswith(b"--\r\n")
    assert message.replace(b"\r\n", b"").count(b"\r") == message.replace(b"\r\n", b"").count(b"\n") == 0
    assert message.isascii()
    lines = message.split(b"\r\n")
    assert max(map(len, lines)) <= 998  # RFC 5322; a link in a header cannot be folded
    assert max(map(len, message.partition(b"\r\n\r\n")[2].split(b"\r\n"))) == 76
    assert not any(line.startswith(b".") for line in lines)


def test_text_parts_carry_crlf_inside_base64() -> None:
    parsed = read(compose_message(make_edition(), make_delivery(), make_letterhead()))
    for part in parsed.iter_parts():
        raw = part.get_payload(decode=True)
        assert isinstance(raw, bytes)
        assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r") > 0


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("field", FIELDS)
def test_a_hostile_value_of_a_reader_makes_no_header(field: str, value: str) -> None:
    recipient = replace(Recipient("zhang@member.example"), **{field: value})
    try:
        message = compose_message(make_edition(), make_delivery(recipient), make_letterhead())
    except InputError:
        assert field == "name"  # the only one in the Subject
        return
    parsed = read(message)
    assert {name.lower() for name in parsed.keys()} == EXPECTED  # noqa: SIM118
    assert parsed["To"] == "zhang@member.example"
    assert message.count(b"\r\n\r\n") == 3
    assert "<script>" not in bodies(parsed)[1]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_hostile_sender_name_is_refused_or_stays_in_its_place(value: str) -> None:
    try:
        letterhead = make_letterhead(sender_name=value)
    except InputError:
        return  # one clear error, before anything is sent
    parsed = read(compose_message(make_edition(), make_delivery(), letterhead))
    assert {name.lower() for name in parsed.keys()} == EXPECTED  # noqa: SIM118
    assert [one.addr_spec for one in parsed["From"].addresses] == ["bulletin@news.example"]


@pytest.mark.parametrize("address", ["a@x.example\r\nBcc: v@x.example", "a@x.example>, v@y.example", "a@x,b@y"])
def test_a_hostile_address_is_refused(address: str) -> None:
    with pytest.raises(InputError):
        compose_message(make_edition(), make_delivery(Recipient(address)), make_letterhead())


SLOTS = st.builds(
    Slot,
    st.sampled_from(SLOT_NAMES),
    st.sampled_from([SlotContext.TEXT, SlotContext.ATTRIBUTE, SlotContext.URL, SlotContext.PLAIN]),
    st.sampled_from(["", "读者", "<&>"]),
)
SEGMENTS = st.lists(st.one_of(st.text(max_size=70), SLOTS), max_size=12).map(tuple)
RECIPIENTS = st.builds(
    Recipient, st.sampled_from(["a@b.example", "zhang@member.example"]), *[st.text(max_size=40) for _field in FIELDS]
)


def assert_wire_form(message: bytes) -> None:
    assert to_wire(message) == message
    assert message.replace(b"\r\n", b"").count(b"\r") == message.replace(b"\r\n", b"").count(b"\n") == 0
    assert not any(line.startswith(b".") or len(line) > 998 for line in message.split(b"\r\n"))


def one_line_end(segments: tuple[Segment, ...]) -> tuple[Segment, ...]:
    """Segments whose texts have LF only, so that none ends in half a line end."""
    return tuple(re.sub("\r\n?", "\n", part) if isinstance(part, str) else part for part in segments)


@given(SEGMENTS, SEGMENTS, RECIPIENTS, st.sampled_from(["", "https://news.example/a&b", "http://10.0.0.5:8025"]))
def test_a_composed_message_says_what_the_filled_segments_say(
    text: tuple[Segment, ...], html: tuple[Segment, ...], recipient: Recipient, public_url: str
) -> None:
    text, html = one_line_end(text), one_line_end(html)
    edition = freeze_edition(replace(make_edition(), subject=("简报",), text=text, html=html))
    letterhead = make_letterhead(public_url)
    message = compose_message(edition, make_delivery(recipient), letterhead)
    assert_wire_form(message)
    values = {f"recipient.{name}": getattr(recipient, name) for name in RECIPIENT_FIELDS}
    if not any(isinstance(one, Slot) and one.name == "recipient.title" for one in (*text, *html)):
        values["recipient.name"] = recipient.called
    values |= {f"links.{name}": link(letterhead, name) for name in (*LINK_FIELDS, *TRACKING_FIELDS)}
    html = html if public_url else lead_straight(edition).html
    for part, segments in zip(read(message).iter_parts(), (text, html), strict=True):
        expected = fill_segments(segments, values).replace("\n", "\r\n").encode("utf-8", "replace")
        assert part.get_payload(decode=True) == expected


@pytest.mark.parametrize(
    ("name", "title", "greeted"),
    [
        ("王", "总", "王总"),
        ("欧阳", "处长", "欧阳处长"),
        ("张某", "处长", "张某"),
        ("王", "", "王"),
        ("", "处长", "读者"),
    ],
)
def test_a_surname_alone_is_called_by_its_title_once(name: str, title: str, greeted: str) -> None:
    recipient = Recipient("zhang@member.example", name, title)
    named, titled = (Slot(f"recipient.{one}", SlotContext.PLAIN, "读者" * (one == "name")) for one in ("name", "title"))
    subject = ("致", Slot("recipient.name", SlotContext.SUBJECT, "读者"))
    plain = replace(make_edition(), subject=subject, text=(named, "：\n"), html=("<p>",))
    message = read(compose_message(freeze_edition(plain), make_delivery(recipient), make_letterhead()))
    assert (message["Subject"], bodies(message)[0].splitlines()[0]) == (f"致{greeted}", f"{greeted}：")
    both = replace(plain, text=(named, titled, "：\n"))
    message = read(compose_message(freeze_edition(both), make_delivery(recipient), make_letterhead()))
    assert bodies(message)[0].splitlines()[0] == f"{name or '读者'}{title}："


def test_tracked_links_hold_a_token_of_their_own_purpose_and_are_made_only_where_they_stand() -> None:
    html = ('<a href="', Slot("links.click", SlotContext.URL), '/17">', "…", '"><img src="',
            Slot("links.open", SlotContext.URL), '">')  # fmt: skip
    edition = freeze_edition(replace(make_edition(), html=html))
    message = compose_message(edition, make_delivery(), make_letterhead("https://news.example"))
    found = bodies(read(message))[1]
    match = re.search(r"https://news\.example/c/([a-z2-7]{40})/17\".*https://news\.example/o/([a-z2-7]{40})\"", found)
    assert match is not None
    assert [read_token(SECRET, purpose, match[1]) for purpose in (Purpose.CLICK, Purpose.OPEN)] == [7, None]
    assert [read_token(SECRET, purpose, match[2]) for purpose in (Purpose.CLICK, Purpose.OPEN)] == [None, 7]
    edition = freeze_edition(replace(edition, links=(TrackedLink("https://a.example/?x=1&y=2"),) * 17))
    without = bodies(read(compose_message(edition, make_delivery(), make_letterhead())))[1]
    assert without == f'<a href="https://a.example/?x=1&amp;y=2">…"><img src="{EMPTY_PICTURE}">'


def test_a_tally_link_is_the_same_in_every_copy_and_names_no_reader() -> None:
    html = ('<a href="', Slot("links.tally_click", SlotContext.URL), '/1">', '<img src="',
            Slot("links.tally_open", SlotContext.URL), '.gif">')  # fmt: skip
    edition = freeze_edition(replace(make_edition(), html=html, links=(TrackedLink("https://a.example/"),)))
    copies = [
        bodies(
            read(compose_message(edition, replace(make_delivery(), id=number), make_letterhead("https://n.example")))
        )
        for number in (7, 8)
    ]
    assert copies[0][1] == copies[1][1]
    found = re.findall(r"https://n\.example/[co]/([a-z2-7]{40})", copies[0][1])
    purposes = (Purpose.TALLY_CLICK, Purpose.TALLY_OPEN)
    numbers = [read_token(SECRET, purpose, token) for purpose, token in zip(purposes, found, strict=True)]
    delivery = make_delivery()
    assert [split_tally(one) for one in numbers if one is not None] == [(delivery.mailing_id, delivery.edition_id)] * 2


def test_the_feedback_id_has_four_plain_fields() -> None:
    edition = freeze_edition(replace(make_edition(), issue="第7期: 增刊\r\nBcc: v@x.example"))
    for one in (make_edition(), edition):
        value = read(compose_message(one, make_delivery(), make_letterhead()))["Feedback-ID"]
        assert re.fullmatch(r"[!-9;-~]+:members:bulletin:[0-9a-f]{5,15}", value)
        assert value.count(":") == 3


def test_one_composer_composes_for_all_readers() -> None:
    composer = make_composer(with_files((PICTURE,), (PDF,)), make_letterhead("https://news.example"))
    for number in range(1, 30):
        recipient = Recipient(f"reader{number}@member.example", "某" * (number % 4) + "x" * number)
        delivery = replace(make_delivery(recipient), id=number)
        message = composer.compose(delivery)
        assert message == composer.compose(delivery)
        assert message == compose_message(
            with_files((PICTURE,), (PDF,)), delivery, make_letterhead("https://news.example")
        )
        assert_wire_form(message)
        parsed = read(message)
        assert parsed["To"] == recipient.address
        assert bodies(parsed)[0].startswith(recipient.name)
        found = re.search(r"/u/([a-z2-7]{40})", parsed["List-Unsubscribe"])
        assert found is not None
        assert read_token(SECRET, Purpose.UNSUBSCRIBE, found[1]) == number


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_value_whatever_changes_the_set_of_headers(name: str, city: str) -> None:
    recipient = Recipient("zhang@member.example", name=name, city=city)
    try:
        message = compose_message(make_edition(), make_delivery(recipient), make_letterhead())
    except InputError:
        return
    assert_wire_form(message)
    parsed = email.message_from_bytes(message, policy=email.policy.compat32)
    assert {key.lower() for key in parsed.keys()} == EXPECTED  # noqa: SIM118
    assert message.count(b"\r\n\r\n") == 3


def test_the_letterhead_does_not_print_the_secret() -> None:
    assert "kkk" not in repr(make_letterhead())


def test_the_envelope_sender_carries_the_token_where_the_relay_lets_it() -> None:
    letterhead = make_letterhead()
    assert envelope_sender("", letterhead, TOKEN) == "bulletin@news.example"
    verp = envelope_sender("bounce+{token}@news.example", letterhead, TOKEN)
    assert verp == f"bounce+{TOKEN}@news.example"
    assert len(verp.partition("@")[0]) <= 64


PICTURE = Asset("1.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20)
CODE = Asset("qr.png", "image/png", b"\x89PNG\r\n\x1a\nqr")
PDF = Asset("浙江省软件和信息服务业简报2020年第7期.pdf", "application/pdf", b"%PDF-1.7\n\xff\x00")
SHEET = Asset("figures (1).xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK")


def with_files(inline: tuple[Asset, ...] = (), attachments: tuple[Asset, ...] = ()) -> Edition:
    return freeze_edition(replace(make_edition(), inline=inline, attachments=attachments))


def shape(part: EmailMessage) -> object:
    """The tree of a message: types, and what is in them."""
    if not part.is_multipart():
        return part.get_content_type()
    return (part.get_content_subtype(), *(shape(sub) for sub in part.iter_parts() if isinstance(sub, EmailMessage)))


TEXTS = ("text/plain", "text/html")
TEXTS_WITH_PICTURE = ("alternative", "text/plain", ("related", "text/html", "image/png", "image/png"))


@pytest.mark.parametrize(
    ("inline", "attachments", "expected"),
    [
        ((), (), ("alternative", *TEXTS)),
        ((PICTURE, CODE), (), TEXTS_WITH_PICTURE),
        ((), (PDF,), ("mixed", ("alternative", *TEXTS), "application/pdf")),
        ((PICTURE, CODE), (PDF, SHEET), ("mixed", TEXTS_WITH_PICTURE, "application/pdf", SHEET.media_type)),
    ],
)
def test_files_stand_where_mail_programs_look_for_them(
    inline: tuple[Asset, ...], attachments: tuple[Asset, ...], expected: object
) -> None:
    message = compose_message(with_files(inline, attachments), make_delivery(), make_letterhead())
    parsed = read(message)
    assert shape(parsed) == expected
    assert not any(part.defects for part in parsed.walk())
    assert {name.lower() for name in parsed.keys()} == EXPECTED  # noqa: SIM118
    plain = compose_message(make_edition(), make_delivery(), make_letterhead())
    assert read_parts(message) == read_parts(plain)
    assert bodies(parsed) == bodies(read(plain))
    found = {part.get_filename(): part.get_payload(decode=True) for part in parsed.walk() if part.get_filename()}
    assert found == {asset.name: asset.content for asset in (*inline, *attachments)}
    assert message.isascii()
    assert message.replace(b"\r\n", b"").count(b"\r") == message.replace(b"\r\n", b"").count(b"\n") == 0
    assert message == compose_message(with_files(inline, attachments), make_delivery(), make_letterhead())


@pytest.mark.parametrize("media_type", ["message/rfc822", "Message/Delivery-Status", "multipart/mixed"])
def test_a_mail_as_attachment_travels_as_octets(media_type: str) -> None:
    mail = Asset("来信.eml", media_type, b"From: a@b.example\r\nSubject: x\r\n\r\nhello\r\n")
    parsed = read(compose_message(with_files((), (mail,)), make_delivery(), make_letterhead()))
    assert shape(parsed) == ("mixed", ("alternative", *TEXTS), "application/octet-stream")
    assert not any(part.defects for part in parsed.walk())
    (carried,) = parsed.iter_attachments()
    assert carried.get_payload(decode=True) == mail.content


def test_the_html_finds_its_pictures_by_their_content_id() -> None:
    parsed = read(compose_message(with_files((PICTURE, CODE)), make_delivery(), make_letterhead()))
    related = next(part for part in parsed.walk() if part.get_content_type() == "multipart/related")
    assert related.get_param("type") == "text/html"
    pictures = [part for part in parsed.walk() if part.get_content_maintype() == "image"]
    assert [part["Content-ID"] for part in pictures] == [f"<{PICTURE.cid}>", f"<{CODE.cid}>"]
    assert [part.get_content_disposition() for part in pictures] == ["inline", "inline"]


def test_a_chinese_name_is_written_for_new_and_for_old_programs() -> None:
    message = compose_message(with_files(attachments=(PDF,)), make_delivery(), make_letterhead())
    part = next(part for part in read(message).walk() if part.get_content_type() == PDF.media_type)
    assert part.get_filename() == PDF.name
    assert b"filename*=UTF-8''%E6%B5%99" in message
    words = re.search(rb'name="((?:=\?UTF-8\?B\?[A-Za-z0-9+/=]+\?=(?:\r\n )?)+)"', message)
    assert words is not None
    assert str(email.header.make_header(email.header.decode_header(words[1].decode()))) == PDF.name
    assert max(map(len, message.split(b"\r\n"))) < 998


@given(st.text(max_size=250), st.text(max_size=30), st.binary(max_size=300))
def test_a_file_of_any_name_type_and_content_is_itself_or_refused(name: str, media_type: str, content: bytes) -> None:
    edition = with_files((PICTURE,), (Asset(name, media_type, content),))
    try:
        message = compose_message(edition, make_delivery(), make_letterhead())
    except InputError:
        assert not name.isprintable() or "=?" in name
        return
    parsed = email.message_from_bytes(message, policy=email.policy.compat32)
    assert {key.lower() for key in parsed.keys()} == EXPECTED  # noqa: SIM118
    part = list(parsed.walk())[-1]
    assert {key.lower() for key in part.keys()} == {"content-type", "content-transfer-encoding", "content-disposition"}  # noqa: SIM118
    assert part.get_payload(decode=True) == content
    assert (part.get_filename() or "") == name.strip()  # the library strips
    assert max(map(len, message.split(b"\r\n"))) <= 998


@given(st.lists(st.binary(max_size=200).map(lambda octets: Asset("a.bin", "image/png", octets)), max_size=3))
def test_no_content_whatever_breaks_out_of_its_part(files: list[Asset]) -> None:
    parsed = read(compose_message(with_files(tuple(files), tuple(files)), make_delivery(), make_letterhead()))
    found = [part.get_payload(decode=True) for part in parsed.walk() if part.get_filename()]
    assert found == [file.content for file in (*files, *files)]


def test_the_ways_out_and_the_web_page_can_each_be_linked() -> None:
    slots = [Slot(f"links.{name}", SlotContext.PLAIN) for name in ("unsubscribe_mail", "view")]
    edition = freeze_edition(replace(make_edition(), text=(slots[0], "\n", slots[1], "\n")))
    for public_url in ("", "https://news.example"):
        letterhead = make_letterhead(public_url)
        text = bodies(read(compose_message(edition, make_delivery(), letterhead)))[0].splitlines()
        assert text[:2] == [link(letterhead, "unsubscribe_mail"), link(letterhead, "view")]
    token = re.fullmatch(r"https://news\.example/v/([a-z2-7]{40})", text[1])
    assert token is not None
    assert read_token(SECRET, Purpose.VIEW, token[1]) == 7
    assert read_token(SECRET, Purpose.UNSUBSCRIBE, token[1]) is None
    assert link(make_letterhead(), "view") == ""
