"""What replies mean: the table of facts first, then what codes and phases say by themselves."""

import io
import re
import time
from collections.abc import Callable
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.config import ReplyRule
from mailer.mail.replies import (
    DOUBTS,
    FOLDER,
    TABLES,
    Rule,
    _split_pattern,
    classify_reply,
    extract_meanings,
    load_rules,
)
from mailer.mail.reply_lines import MalformedReplyError, decode_text, make_reply, parse_reply_text
from mailer.model.outcome import Action, Phase, Reply, ReplyClass

C, A = ReplyClass, Action


RULES = load_rules().rules


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.meaning.rule)
def test_every_rule_has_a_sentence_and_fits_its_class(rule: Rule) -> None:
    meaning = rule.meaning
    assert meaning.summary.endswith(".")
    assert meaning.summary.isprintable()
    assert re.fullmatch(r"[a-z][a-z0-9-]+", meaning.rule)
    assert (meaning.action is A.SUPPRESS_AFTER) == (meaning.after_issues > 0)
    if meaning.action is A.SUPPRESS:
        assert meaning.reply_class in (C.GONE, C.INACTIVE, C.OPT_OUT)
    if meaning.action in (A.PAUSE_RELAY, A.SLOW_DOMAIN):
        assert meaning.retry_after_s > 0


def test_the_rules_are_written_as_replies_are_searched() -> None:
    for rule in RULES:
        if rule.match is not None:
            assert not rule.match.flags & re.IGNORECASE, f"{rule.meaning.rule}: write it in small letters"


def test_rule_names_are_unique() -> None:
    names = [rule.meaning.rule for rule in RULES]
    assert len(names) == len(set(names))


def test_every_table_is_asked() -> None:
    there = {one.name for one in files("mailer.mail").joinpath(FOLDER).iterdir()}
    assert there == {f"{name}.toml" for name in (*TABLES, DOUBTS)}


def test_the_catalogue_gets_every_sentence_of_the_tables() -> None:
    folder = files("mailer.mail").joinpath(FOLDER)
    streams = [io.BytesIO(folder.joinpath(f"{name}.toml").read_bytes()) for name in (*TABLES, DOUBTS)]
    found = {
        message
        for stream in streams
        for _at, _keyword, message, _comments in extract_meanings(stream, None, None, None)
    }
    assert found == {rule.meaning.summary for rule in (*RULES, *load_rules().doubts)}


@pytest.mark.parametrize(
    ("text", "phase", "reply_class", "action", "permanent"),
    [
        # words of servers outside the facts
        ("550 5.1.1 <a@x.example>: Recipient address rejected: User unknown in virtual mailbox table", Phase.RCPT,
         C.GONE, A.SUPPRESS, True),
        ("450 4.1.1 <a@x.example>: Recipient address rejected: User unknown", Phase.RCPT, C.TEMPORARY, A.RETRY, False),
        ("450 4.2.0 <a@x.example>: Recipient address rejected: Greylisted, see http://pg.example", Phase.RCPT,
         C.GREYLISTED, A.RETRY, False),
        ("550 5.4.1 Recipient address rejected: Access denied. [X.prod.example]", Phase.RCPT, C.GONE, A.SUPPRESS, True),
        ("550-5.1.1 The email account that you tried to reach does not exist.", Phase.RCPT, C.GONE, A.SUPPRESS, True),
        ("552-5.2.2 The email account that you tried to reach is over quota.", Phase.RCPT, C.FULL, A.SUPPRESS_AFTER,
         False),
        ("550 5.7.26 This mail has been blocked because the sender is unauthenticated.", Phase.DOT, C.SENDER_POLICY,
         A.STOP_AND_ASK, False),
        ("450 4.2.1 The user you are trying to contact is receiving mail too quickly.", Phase.RCPT, C.RATE_RECIPIENT,
         A.RETRY, False),
        ("554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org", Phase.RCPT,
         C.IP_POLICY, A.STOP_AND_ASK, False),
        ("550 用户不存在", Phase.RCPT, C.GONE, A.SUPPRESS, True),
        ("550 5.1.1 收件人不存在", Phase.RCPT, C.GONE, A.SUPPRESS, True),
        ("550 邮箱空间不足", Phase.RCPT, C.FULL, A.SUPPRESS_AFTER, False),
        ("550 邮箱已停用", Phase.RCPT, C.INACTIVE, A.SUPPRESS_AFTER, True),
        ("451 系统繁忙，请稍后重试", Phase.RCPT, C.TEMPORARY, A.RETRY, False),
        ("554 5.7.1 <a@x.example>: Relay access denied", Phase.RCPT, C.CONFIG, A.STOP_AND_ASK, False),
        ("550 frequency limited", Phase.RCPT, C.RATE_DOMAIN, A.SLOW_DOMAIN, False),
        # codes alone
        ("550", Phase.RCPT, C.UNKNOWN, A.SUPPRESS_AFTER, True),
        ("550", Phase.DOT, C.CONTENT, A.STOP_AND_ASK, True),
        ("552", Phase.RCPT, C.FULL, A.SUPPRESS_AFTER, False),
        ("552", Phase.DOT, C.CONTENT, A.STOP_AND_ASK, True),
        ("450", Phase.RCPT, C.TEMPORARY, A.RETRY, False),
        ("421", Phase.RCPT, C.TEMPORARY, A.RECONNECT, False),
        ("421", Phase.BANNER, C.TEMPORARY, A.PAUSE_RELAY, False),
        ("550 5.2.1", Phase.RCPT, C.INACTIVE, A.SUPPRESS_AFTER, True),
        ("550 5.1.10", Phase.RCPT, C.GONE, A.SUPPRESS, True),
        ("550 5.7.1", Phase.RCPT, C.SENDER_POLICY, A.NONE, True),
        ("550 5.7.1", Phase.DOT, C.CONTENT, A.STOP_AND_ASK, True),
        ("550 5.0.0", Phase.RCPT, C.UNKNOWN, A.SUPPRESS_AFTER, True),
        ("550 5.6.7", Phase.RCPT, C.CONFIG, A.NONE, True),
        ("5.1.1", Phase.RCPT, C.GONE, A.SUPPRESS, True),
        ("4.4.1", Phase.RCPT, C.TEMPORARY, A.RETRY, False),
        ("", Phase.RCPT, C.TEMPORARY, A.RETRY, False),
    ],
)  # fmt: skip
def test_words_then_codes_then_phase(
    text: str, phase: Phase, reply_class: ReplyClass, action: Action, permanent: bool
) -> None:
    meaning = classify_reply(parse_reply_text(text, phase))
    assert (meaning.reply_class, meaning.action, meaning.permanent) == (reply_class, action, permanent), meaning.rule


def test_a_rule_for_one_providers_domains_leaves_others_alone() -> None:
    reply = parse_reply_text("550 Connection denied", Phase.RCPT)
    assert classify_reply(reply, "qq.com").reply_class is C.RATE_DOMAIN
    assert classify_reply(reply, "vip.qq.com").reply_class is C.RATE_DOMAIN
    assert classify_reply(reply, "x.example").reply_class is C.UNKNOWN


OPENING = [Phase.CONNECT, Phase.BANNER, Phase.EHLO, Phase.STARTTLS, Phase.AUTH, Phase.MAIL]
codes = st.integers(400, 599) | st.just(0)
enhanced = st.just("") | st.from_regex(r"[45]\.[0-7]\.\d{1,2}", fullmatch=True)


# what the rules look for, so that random texts meet them, whole or in pieces
phrases = st.sampled_from(sorted({word for rule in RULES for word in rule.words}))
texts = st.text(max_size=80) | st.lists(phrases | st.text(max_size=8), max_size=5).map(" ".join)


def effective_digit_is_4(code: int, status: str) -> bool:
    return str(code or status)[:1] == "4"


@given(codes, enhanced, texts, st.sampled_from(list(Phase)))
def test_any_reply_has_a_meaning_and_before_rcpt_it_is_never_the_readers(
    code: int, status: str, text: str, phase: Phase
) -> None:
    meaning = classify_reply(Reply(code, status, text, phase))
    if effective_digit_is_4(code, status):
        assert not meaning.permanent
        assert not meaning.reply_class.hard
    if phase in OPENING:
        assert not meaning.permanent
        assert not meaning.reply_class.hard
        assert meaning.action in (A.PAUSE_RELAY, A.STOP_AND_ASK, A.RECONNECT)
    assert 0 <= meaning.retry_after_s <= 86400


@given(codes, enhanced, texts, st.sampled_from(list(Phase)))
def test_codes_that_contradict_each_other_never_make_an_address_dead(
    code: int, status: str, text: str, phase: Phase
) -> None:
    meaning = classify_reply(Reply(code, status, text, phase))
    if code and status and str(code)[0] != status[0]:
        assert not meaning.reply_class.hard
        assert meaning.action is not A.SUPPRESS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.meaning.rule)
def test_no_rule_makes_an_address_dead_by_a_4yz_or_before_rcpt(rule: Rule) -> None:
    for word in rule.words:
        for phase in Phase:
            for code in (421, 450, 454, *((550, 554) if phase in OPENING else ())):
                meaning = classify_reply(Reply(code, f"{code // 100}.7.1", word, phase))
                assert not meaning.permanent
                assert not meaning.reply_class.hard
                assert meaning.action is not A.SUPPRESS


@given(st.integers(200, 399), enhanced, texts)
def test_what_was_taken_is_no_refusal_whatever_it_says(code: int, status: str, text: str) -> None:
    meaning = classify_reply(Reply(code, status, text, Phase.DOT))
    assert (meaning.action, meaning.permanent, meaning.reply_class.hard) == (A.NONE, False, False)


HOSTILE = [
    "a b user account ", "x", "user ", "user does ", "5.7.1 ", "a@", "@", "[", "mailbox ", "client host ", "邮件",
    "message ", "\ufdfa", "recipients (", "unauthenticated email from ", "delivery error: dd ", "domain ", "exceed ",
    "：", "İ", "messages from ", "length of attach ", "due to ", "<>", "reply: ",
]  # fmt: skip


def _seconds(act: Callable[[], object]) -> float:
    """Return the least processor time of one act."""
    best = 9.0
    for _try in range(9):
        begun = time.process_time()
        for _time in range(5):
            act()
        best = min(best, (time.process_time() - begun) / 5)
    return best


@pytest.mark.parametrize("piece", HOSTILE)
def test_four_times_the_text_takes_no_more_than_some_four_times_the_time(piece: str) -> None:
    long = (piece * 1000)[:1000]
    of_long, of_short = Reply(550, "5.4.1", long, Phase.RCPT), Reply(550, "5.4.1", long[:250], Phase.RCPT)
    assert _seconds(lambda: classify_reply(of_long)) < 9 * _seconds(lambda: classify_reply(of_short))
    assert _seconds(lambda: parse_reply_text(long)) < 9 * _seconds(lambda: parse_reply_text(long[:250]))


@pytest.mark.parametrize(
    "text",
    [
        "550 5.1.1 <mailbox-full@x.example>: no",
        "550 5.1.1 <spamhaus@dnsbl.example> no",
        "550 5.1.1 over.quota@x.example",
    ],
)
def test_the_name_of_an_address_means_nothing(text: str) -> None:
    assert classify_reply(parse_reply_text(text, Phase.RCPT)).reply_class is C.GONE


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("450 4.2.0 Greylisted for 90 seconds", 300),
        ("451 try again in 20 minutes", 1200),
        ("451 come back after 2 hours", 7200),
        ("451 wait 99999 hours", 86400),
        ("550 5.1.1 No such user; removed for 30 minutes", 0),
        ("450 4.2.0 later", 0),
    ],
)
def test_the_wait_a_server_asks_for_is_kept(text: str, seconds: int) -> None:
    assert classify_reply(parse_reply_text(text, Phase.RCPT)).retry_after_s == seconds


def test_whatever_is_tried_again_has_a_first_wait() -> None:
    assert classify_reply(Reply(450, "", "", Phase.RCPT)).first_wait_s == 300
    assert classify_reply(Reply(550, "", "Domain frequency limited", Phase.RCPT)).first_wait_s == 3600
    assert classify_reply(Reply(550, "5.2.2", "", Phase.RCPT)).first_wait_s == 3600
    assert classify_reply(Reply(550, "5.1.1", "", Phase.RCPT)).first_wait_s == 0
    assert classify_reply(Reply(550, "", "DT:SPM", Phase.DOT)).first_wait_s == 0


# an operator's rules


def make_rule(**fields: object) -> ReplyRule:
    row = {"name": "own", "class": "content", "action": "stop_and_ask"} | fields
    return ReplyRule.model_validate(row)


def test_an_operators_rule_comes_before_ours() -> None:
    reply = parse_reply_text("550 5.1.1 User unknown", Phase.RCPT)
    rule = make_rule(
        words=["USER  unknown"], **{"class": "unknown"}, action="suppress_after", after_issues=4, retry_after_s=60,
        permanent=False, meaning="Our neighbour says this of everybody.",
    )  # fmt: skip
    meaning = classify_reply(reply, rules=load_rules((rule,)))
    assert (meaning.reply_class, meaning.action, meaning.after_issues) == (C.UNKNOWN, A.SUPPRESS_AFTER, 4)
    assert (meaning.retry_after_s, meaning.permanent, meaning.rule) == (60, False, "own")
    assert meaning.summary == "Our neighbour says this of everybody."
    assert classify_reply(reply).reply_class is C.GONE, "the program's own rules stay as they are"


def test_a_rule_keeps_to_its_codes_and_domains() -> None:
    rules = load_rules((make_rule(match="(?:Strange|odd) words", codes=["55", "0"], domains=["x.example"]),))
    assert classify_reply(Reply(554, "", "very STRANGE Words", Phase.DOT), "X.example", rules).rule == "own"
    assert classify_reply(Reply(554, "", "odd words", Phase.DOT), "mail.x.example", rules).rule == "own"
    assert classify_reply(Reply(0, "", "odd words", Phase.DOT), "", rules).rule == "own"
    assert classify_reply(Reply(501, "", "odd words", Phase.DOT), "x.example", rules).rule == "default"
    assert classify_reply(Reply(554, "", "odd words", Phase.DOT), "notx.example", rules).rule == "default"


def test_an_operators_rule_cannot_kill_by_a_4yz_or_before_rcpt() -> None:
    rule = make_rule(words=["go away"], **{"class": "gone"}, action="suppress", permanent=True)
    rules = load_rules((rule,))
    assert classify_reply(Reply(550, "", "go away", Phase.RCPT), rules=rules).reply_class is C.GONE
    for reply in (Reply(450, "", "go away", Phase.RCPT), Reply(550, "", "go away", Phase.MAIL)):
        meaning = classify_reply(reply, rules=rules)
        assert not meaning.reply_class.hard
        assert not meaning.permanent


def test_a_rule_without_a_sentence_has_that_of_its_class() -> None:
    rules = load_rules((make_rule(words=["odd words"]),))
    assert classify_reply(Reply(550, "", "odd words", Phase.DOT), rules=rules).summary


@given(codes, enhanced, st.sampled_from([Phase.RCPT, Phase.DATA, Phase.DOT]))
def test_codes_alone_make_an_address_dead_only_when_both_say_so(code: int, status: str, phase: Phase) -> None:
    meaning = classify_reply(Reply(code, status, "", phase))
    if meaning.reply_class.hard:
        assert meaning.permanent
        assert status.startswith("5")
        assert code == 0 or code >= 500


# reading replies


def test_lines_are_joined_and_the_enhanced_code_taken_off() -> None:
    reply = make_reply([b"550-5.1.1 The account", b"550-5.1.1 you tried", b"550 5.1.1 is gone"], Phase.RCPT)
    assert (reply.code, reply.enhanced, reply.text) == (550, "5.1.1", "The account you tried is gone")


@pytest.mark.parametrize("lines", [[b"550-a", b"250 b"], [b"999 a"], [b""], [b"25"], [b"2500"], [b"150 a"], [b"hi"]])
def test_what_is_no_reply_raises(lines: list[bytes]) -> None:
    with pytest.raises(MalformedReplyError):
        make_reply(lines, Phase.RCPT)


def test_bare_codes_are_replies() -> None:
    assert make_reply([b"250"], Phase.RCPT) == Reply(250, "", "", Phase.RCPT)


def test_long_text_is_cut_and_controls_are_blanked() -> None:
    text = decode_text("字".encode() * 5000)
    assert text == "字" * 999 + "…"
    assert decode_text(b"a\x00b\x1b[31mc\r\n") == "a b [31mc"


@given(st.binary(max_size=300))
def test_any_octets_become_one_readable_line(raw: bytes) -> None:
    text = decode_text(raw)
    assert "\n" not in text
    assert "\0" not in text
    assert len(text) <= 1000
    text.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "code", "status"),
    [
        ("smtp; 550 5.1.1 no such user", 550, "5.1.1"),
        ("smtp;550-5.1.1 no", 550, "5.1.1"),
        ("550 #5.1.0 Address rejected", 550, "5.1.0"),
        ("5.2.2 full", 0, "5.2.2"),
        ("host mx.x.example[192.0.2.1] said: 550 5.1.1 no (in reply to RCPT TO command)", 550, "5.1.1"),
        ("用户不存在", 0, ""),
        ("550.1.2.3 is an address", 0, ""),
        ("the mta server of x.example -- mx3.x.example(192.0.2.1) reply:550 The From", 550, ""),
        (
            "SMTP error from remote mail server after RCPT TO:<a@x.example>: host mx.x.example [192.0.2.1]: 550 5.1.1 no",
            550,
            "5.1.1",
        ),
        ("Remote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'", 550, "5.1.10"),
        ("Remote host said: 550 5.1.1 no", 550, "5.1.1"),
        ("<<< 550 5.1.1 no", 550, "5.1.1"),
        ("SMTP:RCPT host 192.0.2.1: 553 5.3.0 no", 553, "5.3.0"),
        ("553 sorry, no mailbox here by that name. (#5.1.1)", 553, "5.1.1"),
    ],
)
def test_a_quoted_reply_is_read_for_its_codes(text: str, code: int, status: str) -> None:
    reply = parse_reply_text(text)
    assert (reply.code, reply.enhanced) == (code, status)


def test_a_quoted_reply_of_several_lines_is_read_as_one() -> None:
    text = "host mx.x.example[192.0.2.1] said: 550-5.7.1 [192.0.2.9   12] Our system\n    550-5.7.1 likely unsolicited mail."
    reply = parse_reply_text(text)
    assert str(reply) == "550 5.7.1 [192.0.2.9 12] Our system likely unsolicited mail."


@given(st.text(max_size=300))
def test_reading_a_quoted_reply_never_raises(text: str) -> None:
    classify_reply(parse_reply_text(text))


@pytest.mark.parametrize(
    ("pattern", "plain", "left"),
    [
        ("Too Many|too (?:few|fast)|x{2}", ("too many",), "too (?:few|fast)|x{2}"),
        ("(?:a|b)|c", ("c",), "(?:a|b)"),
        (r"a\|b|c d", ("c d",), r"a\|b"),
        ("[ab|c]x|d", ("d",), "[ab|c]x"),
        ("one|two", ("one", "two"), ""),
        ("[]|]x|d", (), "[]|]x|d"),
        ("", (), ""),
    ],
)
def test_alternatives_that_are_plain_text_are_asked_for_by_themselves(
    pattern: str, plain: tuple[str, ...], left: str
) -> None:
    assert _split_pattern(pattern) == (plain, left)


@pytest.mark.parametrize(
    ("text", "reply_class"),
    [
        ("邮箱容量超限，拒收", C.FULL),
        ("Mailbox size limit exceeded, message discarded", C.FULL),
        ("该邮箱地址无效", C.GONE),
        ("没有此用户", C.GONE),
        ("收件人地址 18900001111@x.example 已注销，邮件无法投递", C.INACTIVE),
        ("收件人被冻结，暂时不能收信", C.INACTIVE),
        ("message size exceeds fixed maximum message size", C.CONTENT),
        ("邮件内容含敏感词", C.CONTENT),
        ("被对方拒收：您在收件人的黑名单中", C.OPT_OUT),
        ("553-SPF (Sender Policy Framework) domain authentication fail", C.SENDER_POLICY),
        ("553 Invalid rcptto [@sm071311] a@x.example", C.GONE),
        ("550 5.4.310 DNS domain x.example does not exist [Message=InfoDomainNonexistent]", C.GONE),
        ("450 4.1.2 domain does not exist", C.TEMPORARY),
        ("收件人域名 x.example 不存在", C.GONE),
        ("550 The recipient may contain a non-existent account, please check the recipient address.", C.GONE),
        ("550 Client blocked using Barracuda Reputation", C.IP_POLICY),
    ],
)
def test_words_alone_say_what_is_meant(text: str, reply_class: ReplyClass) -> None:
    assert classify_reply(parse_reply_text(text, Phase.RCPT)).reply_class is reply_class


@pytest.mark.parametrize(
    "text",
    [
        "550 sender domain does not exist", "550 your domain x.example does not exist", "553 sender's domain does not exist",
        "550 MAIL FROM domain does not exist", "504 HELO domain does not exist", "550 您的域名不存在", "550 发件人域名不存在",
        "550 发件人的域名 x.example 不存在", "550 发信域名不存在",
    ],
)  # fmt: skip
def test_our_own_domain_that_is_not_found_says_nothing_of_the_reader(text: str) -> None:
    assert not classify_reply(parse_reply_text(text, Phase.RCPT)).reply_class.hard
