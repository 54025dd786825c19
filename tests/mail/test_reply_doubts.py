"""Replies that name a dead mailbox, but speak of our sender, our network, spam, policy or the moment; and the reverse."""

import pytest

from mailer.config import ReplyRule
from mailer.mail.replies import classify_reply, load_rules
from mailer.mail.reply_lines import parse_reply_text
from mailer.model.outcome import Action, Phase, ReplyClass

ABOUT_US_OR_THE_MOMENT = """
sender_policy | 550 Verification failed for <bulletin@csia.example>: No Such User Here
sender_policy | 550 5.1.1 sender does not exist: bulletin@csia.example
sender_policy | 550 5.7.1 Unable to verify sender address: user unknown
sender_policy | 550 5.7.1 Sender account disabled
sender_policy | 550 Your account has been suspended, contact your provider
sender_policy | 550 account suspended for non payment of the sender domain
sender_policy | 550 因为发件人帐号已被停用
sender_policy | 550 发件人不存在
sender_policy | 550 发件人地址无效
sender_policy | 550 The recipient mailbox owner has rejected mail because account does not exist on his whitelist
ip_policy | 550 too many invalid recipients, your IP has been blocked
ip_policy | 554 5.7.1 Your message to invalid user list looks like directory harvest attack
content | 550 mailbox unavailable due to spam policy
content | 550 5.1.1 Blocked: no such user policy spam detected
content | 550 user invalid or spam
temporary | 550 5.1.1 Mailbox temporarily unavailable, user not found in cache, try later
temporary | 550 5.1.1 LDAP lookup failed, unknown user, temporary error
temporary | 550 该用户不存在或被锁定，请稍后再试
auth | 535 账号已停用
rate_account | 554 5.1.1 收件人地址不存在，请核实；发信频率过高
sender_policy | 550 5.1.1 Sender mailbox unknown, user unknown
sender_policy | 553 5.1.1 sender domain has null MX, no such user
sender_policy | 550 sender is disabled: account is locked
sender_policy | 550 发信人帐号不存在
sender_policy | 550 您的帐号已被冻结
sender_policy | 550 No such user: not on the allow list of this mailbox
ip_policy | 550 5.1.1 User unknown; the sending host is listed as a source of attacks
ip_policy | 550 无效收件人过多，用户不存在
ip_policy | 550 5.1.1 too many unknown users, recipient unknown
content | 550 5.1.1 mailbox not found: rejected by local policy
content | 550 5.1.1 user unknown (message considered as spam)
content | 550 用户不存在，或邮件违反反垃圾策略
temporary | 550 5.1.1 user unknown, please try again in 10 minutes
temporary | 550 收件人不存在，系统暂时无法验证
temporary | 550 mailbox is temporarily disabled
temporary | 554 5.1.1 unknown user: directory server unavailable
rate_domain | 550 5.1.1 mailbox does not exist or too many connections from you
"""
DEAD_ALL_THE_SAME = """
gone | 550 5.1.1 no such user; see https://mx.firm.example/policy/spam.html
gone | 550 5.1.1 User unknown (https://help.firm.example/sender-policy?try=later)
gone | 550 User unknown, read our mail policy at http://firm.example/policy
gone | 550 5.1.1 <spam.policy@firm.example>: Recipient address rejected: User unknown in virtual mailbox table
gone | 550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the address
gone | 550 5.1.1 user unknown, do not try again later
gone | 550 5.1.1 No such user. This is not a temporary error.
gone | 550 No such user here, mx-antispam.firm.example
gone | 550 No such user - [spam-gw1.firm.example]
gone | 550 5.1.1 Mailbox unavailable
gone | 550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).
gone | 550 5.4.1 Recipient address rejected: Access denied. AS(201806281)
gone | 550 5.1.1 recipient verification failed for user, no such user
gone | 550 您发送的邮箱不存在
gone | 550 发件人：该用户不存在
gone | 550 收件人不存在，请发件人核实
gone | 550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1&no=1000728&id=20022&temporary=0
gone | 550 5.1.10 null MX
gone | 556 Domain does not accept mail (nullMX)
gone | 550 5.1.1 unknown user; the sender should remove this address from his lists
inactive | 550 user suspended, http://firm.example/temporary
inactive | 550 5.2.1 The email account that you tried to reach is disabled. Ask the sender's administrator
inactive | 550 inactive user
inactive | 550 该邮箱已停用
inactive | 550 收件人帐号已注销
"""


def rows_of(table: str) -> list[tuple[str, str]]:
    """The class and the reply of each line."""
    lines = (line.partition(" | ") for line in table.strip().splitlines())
    return [(reply_class, reply) for reply_class, _bar, reply in lines]


@pytest.mark.parametrize(("reply_class", "text"), rows_of(ABOUT_US_OR_THE_MOMENT))
def test_a_reply_about_us_or_the_moment_kills_no_address(reply_class: str, text: str) -> None:
    for phase in (Phase.RCPT, Phase.DOT):
        meaning = classify_reply(parse_reply_text(text, phase))
        assert meaning.reply_class == reply_class
        assert meaning.action not in (Action.SUPPRESS, Action.SUPPRESS_AFTER)


@pytest.mark.parametrize(("reply_class", "text"), rows_of(DEAD_ALL_THE_SAME))
def test_a_dead_address_stays_dead_whatever_else_the_reply_mentions(reply_class: str, text: str) -> None:
    for phase in (Phase.RCPT, Phase.DOT):
        meaning = classify_reply(parse_reply_text(text, phase))
        assert (meaning.reply_class, meaning.permanent) == (reply_class, True)


@pytest.mark.parametrize("text", ["550 Mailbox unavailable", "550 Requested action not taken: mailbox unavailable"])
def test_the_rfcs_own_sentence_says_too_little_to_suppress_at_once(text: str) -> None:
    """RFC 5321 §4.2.3 words 550 so for "no access, or command rejected for policy reasons" as well."""
    meaning = classify_reply(parse_reply_text(text, Phase.RCPT))
    assert (meaning.reply_class, meaning.action, meaning.after_issues) == (
        ReplyClass.UNKNOWN,
        Action.SUPPRESS_AFTER,
        2,
    )


def test_an_operators_own_rule_is_never_doubted() -> None:
    row = ReplyRule.model_validate(
        {"name": "no-such-user", "words": ["spam trap, no such user"], "class": "gone", "action": "suppress"}
    )
    reply = parse_reply_text("550 spam trap, no such user", Phase.RCPT)
    assert classify_reply(reply, "", load_rules((row,))).reply_class is ReplyClass.GONE
