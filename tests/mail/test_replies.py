"""What replies mean: the table of facts first, then what codes and phases say by themselves."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.mail.replies import TABLE, classify_reply, extract_meanings, load_rules
from mailer.mail.reply_lines import MalformedReplyError, decode_text, make_reply, parse_reply_text
from mailer.model.outcome import Action, Phase, Reply, ReplyClass

C, A = ReplyClass, Action


@dataclass(frozen=True)
class Sample:
    """One row of the facts' table, as replies that a server might give."""

    replies: tuple[Reply, ...]
    reply_class: str
    action: str


def read_samples(folder: Path) -> list[Sample]:
    """The rows of smtp-replies-china.csv; a row of alternatives becomes one reply each."""
    samples: list[Sample] = []
    with (folder / "smtp-replies-china.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            text = row["text"].replace("…", "x")
            texts = [text]
            if " / " in text and "quota" not in text.partition(" / ")[2][:20]:
                texts += [part for part in text.split(" / ") if len(part) > 3]
            codes = ["" if code == "-" else code + " " for code in row["code"].split("/")]
            replies = [parse_reply_text(code + one, Phase.RCPT) for code in codes for one in texts]
            samples.append(Sample(tuple(replies), row["class"], row["action"]))
    return samples


def test_every_row_of_the_facts_gets_the_class_and_action_it_names(samples: Path) -> None:
    rows = read_samples(samples)
    wrong = []
    for row in rows:
        for reply in row.replies:
            meaning = classify_reply(reply)
            action = meaning.action.value + (f"({meaning.after_issues})" if meaning.after_issues else "")
            if (meaning.reply_class.value, action) != (row.reply_class, row.action):
                wrong.append(f"{reply}: {meaning.reply_class.value} {action} by {meaning.rule}")
            if meaning.rule == "default":
                wrong.append(f"{reply}: no rule knows it")
    assert len(rows) == 100
    assert sum(len(row.replies) for row in rows) > 110
    assert not wrong


def test_a_rate_limit_or_full_mailbox_is_never_permanent_in_the_facts(samples: Path) -> None:
    lasting = {"gone", "inactive", "content", "opt_out"}
    for row in read_samples(samples):
        for reply in row.replies:
            assert not classify_reply(reply).permanent or row.reply_class in lasting, reply


@pytest.mark.parametrize("rule", load_rules(), ids=lambda rule: rule.name)
def test_every_rule_has_a_sentence_and_fits_its_class(rule: object) -> None:
    from mailer.mail.replies import Rule

    assert isinstance(rule, Rule)
    meaning = rule.meaning
    assert meaning.summary.endswith(".")
    assert meaning.summary.isprintable()
    assert re.fullmatch(r"[a-z][a-z0-9-]+", rule.name)
    assert (meaning.action is A.SUPPRESS_AFTER) == (meaning.after_issues > 0)
    if meaning.action is A.SUPPRESS:
        assert meaning.reply_class in (C.GONE, C.INACTIVE, C.OPT_OUT)
    if meaning.action in (A.PAUSE_RELAY, A.SLOW_DOMAIN):
        assert meaning.retry_after_s > 0


def test_rule_names_are_unique() -> None:
    names = [rule.name for rule in load_rules()]
    assert len(names) == len(set(names))


def test_the_catalogue_gets_every_sentence_of_the_table() -> None:
    from importlib.resources import files

    raw = files("mailer.mail").joinpath(TABLE).read_bytes()
    found = {message for _line, _keyword, message, _comments in extract_meanings(io.BytesIO(raw), None, None, None)}
    assert found == {rule.meaning.summary for rule in load_rules()}


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


@given(codes, enhanced, st.text(max_size=80), st.sampled_from(list(Phase)))
def test_any_reply_has_a_meaning_and_before_rcpt_it_is_never_the_readers(
    code: int, status: str, text: str, phase: Phase
) -> None:
    meaning = classify_reply(Reply(code, status, text, phase))
    if code and code < 500:
        assert not meaning.permanent
    if phase in OPENING:
        assert not meaning.permanent
        assert not meaning.reply_class.hard
        assert meaning.action in (A.PAUSE_RELAY, A.STOP_AND_ASK, A.RECONNECT)
    assert 0 <= meaning.retry_after_s <= 86400


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
    ],
)
def test_a_quoted_reply_is_read_for_its_codes(text: str, code: int, status: str) -> None:
    reply = parse_reply_text(text)
    assert (reply.code, reply.enhanced) == (code, status)


@given(st.text(max_size=300))
def test_reading_a_quoted_reply_never_raises(text: str) -> None:
    classify_reply(parse_reply_text(text))
