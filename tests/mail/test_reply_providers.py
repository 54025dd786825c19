"""Replies as the big providers, filters and mail servers give them; one a line: class, action, the reply.

After RCPT, or after the message where the line begins with DOT. The wording follows what the providers publish; names
and addresses are reserved ones.
"""

import pytest

from mailer.mail.replies import classify_reply
from mailer.mail.reply_lines import parse_reply_text
from mailer.model.outcome import Meaning, Phase

GOOGLE = """
gone suppress | 550-5.1.1 The email account that you tried to reach does not exist. Please try 550-5.1.1 double-checking the address. a1si1.1 - gsmtp
inactive suppress_after(2) | 550 5.2.1 The email account that you tried to reach is disabled. a1si1.1 - gsmtp
inactive suppress_after(2) | 550 5.2.1 The email account that you tried to reach is inactive.
temporary retry | 450 4.2.1 The email account that you tried to reach is disabled.
full suppress_after(3) | 552-5.2.2 The email account that you tried to reach is over quota. Please direct 552-5.2.2 the recipient to a page
full suppress_after(3) | 452-4.2.2 The email account that you tried to reach is over quota.
full suppress_after(3) | 452 4.2.2 The recipient's inbox is out of storage space.
rate_recipient retry | 450-4.2.1 The user you are trying to contact is receiving mail too quickly.
rate_recipient retry | 450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages
rate_recipient retry | 550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages
rate_domain slow_domain | DOT 421-4.7.0 [192.0.2.1 15] Our system has detected an unusual rate of 421-4.7.0 unsolicited mail originating from your IP address.
rate_domain slow_domain | DOT 421-4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your SPF domain
rate_domain slow_domain | 421 4.7.0 Try again later, closing connection.
content stop_and_ask | DOT 550-5.7.1 [192.0.2.1 12] Our system has detected that this message is 550-5.7.1 likely unsolicited mail. To reduce the amount of spam
sender_policy stop_and_ask | DOT 550-5.7.26 This mail has been blocked because the sender is unauthenticated.
sender_policy stop_and_ask | DOT 550-5.7.26 Unauthenticated email from zsia.example is not accepted due to domain's DMARC policy.
sender_policy stop_and_ask | DOT 550 5.7.27 This email has been blocked because SPF did not pass
sender_policy stop_and_ask | DOT 550 5.7.30 This email has been blocked because DKIM does not pass
sender_policy slow_domain | DOT 421-4.7.27 Your email has been rate limited because SPF authentication didn't pass
sender_policy slow_domain | DOT 421 4.7.30 Your email has been rate limited because DKIM authentication didn't pass
rate_connection reconnect | 452 4.5.3 Your message has too many recipients.
rate_connection reconnect | 550 5.5.3 Too many recipients for this sender
protocol stop_and_ask | 502 5.5.1 Unrecognized command
temporary retry | DOT 451 4.3.0 Mail server temporarily rejected message.
ip_policy stop_and_ask | DOT 550-5.7.25 The IP address sending this message does not have a PTR record setup
ip_policy stop_and_ask | DOT 550-5.7.1 This message is from an address with a very low reputation of the sending domain
ip_policy stop_and_ask | 550 5.7.1 The IP you're using to send mail is not authorized to send email directly to our servers.
protocol stop_and_ask | DOT 550 5.7.1 Messages missing a valid messageId header are not accepted.
content stop_and_ask | DOT 552-5.7.0 This message was blocked because its content presents a potential 552-5.7.0 security issue.
content stop_and_ask | DOT 552 5.3.4 Your message exceeded Google's message size limits.
rate_account pause_relay | 550 5.4.5 Daily user sending limit exceeded.
auth stop_and_ask | 535-5.7.8 Username and Password not accepted.
auth stop_and_ask | 534-5.7.9 Application-specific password required.
sender_policy none | DOT 550 5.7.1 The user or domain that you are sending to (or from) has a policy that prohibited the mail that you sent.
config stop_and_ask | 550 5.7.29 The message was sent without TLS
unknown suppress_after(3) | 553-5.1.2 We weren't able to find the recipient domain. Please check for any spelling errors
"""
MICROSOFT = """
gone suppress | 550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
gone suppress | 550 5.4.1 Recipient address rejected: Access denied. [X.prod.example]
gone suppress | 550 5.4.1 [b@x.example]: Recipient address rejected: Access denied [X.prod.example]
gone suppress | 550 5.4.1 Recipient address rejected: Access denied. AS(201806281) [X.prod.example 2026-01-02T03:04:05.678Z]
gone suppress | 550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).
gone suppress | 550 5.1.1 RESOLVER.ADR.ExRecipNotFound; not found
sender_policy none | 550 5.7.1 Recipient address rejected: Access denied
temporary suppress_after(3) | 550 5.4.1 Message expired
ip_policy stop_and_ask | 550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).
ip_policy stop_and_ask | 550 5.7.1 Unfortunately, messages from [192.0.2.1] weren't sent. (S3140)
ip_policy stop_and_ask | 550 5.7.606 Access denied, banned sending IP [192.0.2.1]. (AS16012609)
ip_policy stop_and_ask | 550 5.7.649 Access denied, banned sending IP [192.0.2.1].
ip_policy stop_and_ask | 550 5.7.511 Access denied, banned sender[192.0.2.1].
ip_policy stop_and_ask | 550 5.7.1 Service unavailable, Client host [192.0.2.1] blocked using Spamhaus. (AS16012611)
ip_policy stop_and_ask | 550 SC-001 (SC-001) Unfortunately, messages from 192.0.2.1 weren't sent.
rate_domain slow_domain | 451 4.7.650 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation. (S775)
rate_domain slow_domain | 451 4.7.651 The mail server [192.0.2.1] has been temporarily rate limited due to IP reputation.
rate_domain slow_domain | 451 4.7.500 Server busy. Please try again later from [192.0.2.1]. (AS77712344)
rate_domain slow_domain | 451 5.7.500-699 Server busy. Please try again later from [192.0.2.1].
rate_domain slow_domain | 421 RP-001 The mail server IP connecting to Outlook.com server has exceeded the rate limit allowed
full suppress_after(3) | 552 5.2.2 mailbox full
full suppress_after(3) | 554 5.2.2 mailbox full; STOREDRV.Deliver.Exception:QuotaExceededException.MapiExceptionShutoffQuotaExceeded
content stop_and_ask | 550 5.2.3 RESOLVER.RST.RecipSizeLimit; message too large for this recipient
content stop_and_ask | DOT 552 5.3.4 Message size exceeds fixed maximum message size
sender_policy stop_and_ask | DOT 550 5.7.515 Access denied, sending domain ZSIA.EXAMPLE does not meet the required authentication level.
sender_policy stop_and_ask | DOT 550 5.7.509 Access denied, sending domain zsia.example does not pass DMARC verification and has a DMARC policy of reject
sender_policy suppress_after(2) | 550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required
sender_policy suppress_after(2) | 550 5.7.134 RESOLVER.RST.SenderNotAuthenticatedForMailbox; authentication required
temporary suppress_after(3) | 550 5.4.300 Message expired -> 421 4.4.1
temporary suppress_after(3) | 4.4.7 Message expired
protocol stop_and_ask | DOT 550 5.0.350 Remote server returned an error -> 552 5.3.4 header size exceeds fixed maximum size; x-dg-ref
content stop_and_ask | DOT 550 5.7.520 Message blocked because it contains content identified as spam. AS(4810)
config stop_and_ask | 550 5.7.64 TenantAttribution; Relay Access Denied
config stop_and_ask | 550 5.7.1 Unable to relay
rate_recipient retry | 550 5.2.121 RESOLVER.RST.RecipientRateLimit; recipient's hourly rate exceeded
rate_recipient retry | 432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded
rate_account pause_relay | 550 5.1.90 Your message can't be sent because you've reached your daily limit for message recipients
sender_policy stop_and_ask | 550 5.1.8 Access denied, bad outbound sender
sender_policy stop_and_ask | 550 5.7.705 Access denied, tenant has exceeded threshold
auth stop_and_ask | 530 5.7.57 Client was not authenticated to send anonymous mail
"""
YAHOO_APPLE = """
rate_domain slow_domain | 421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1
rate_domain slow_domain | 421 4.7.0 [TS01] Messages from 192.0.2.1 temporarily deferred due to user complaints - 4.16.55.1
rate_domain slow_domain | 421 4.7.1 [TS03] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.
ip_policy stop_and_ask | 553 5.7.2 [TSS09] All messages from 192.0.2.1 will be permanently deferred; Retrying will NOT succeed.
ip_policy stop_and_ask | 553 5.7.2 [TSS11] All messages from 192.0.2.1 will be permanently deferred
ip_policy stop_and_ask | 553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.1, because the ip is in Spamhaus's list
ip_policy stop_and_ask | 553 5.7.1 [BL23] Connections not accepted from 192.0.2.1
content stop_and_ask | DOT 554 5.7.9 Message not accepted for policy reasons.
content stop_and_ask | DOT 554 Message not allowed - [PH01] Email not accepted for policy reasons.
gone suppress | DOT 554 delivery error: dd This user doesn't have a yahoo.com account (a@x.example) [-5] - mta1.mail.example
gone suppress | DOT 554 delivery error: dd Not a valid recipient - mta1.mail.example
inactive suppress_after(2) | DOT 554 delivery error: dd Sorry, your message to a@x.example cannot be delivered. This mailbox is disabled (554.30).
full suppress_after(3) | DOT 554 delivery error: dd Sorry, your message to a@x.example cannot be delivered. This account is over quota.
full suppress_after(3) | DOT 552 1 mailbox full
gone suppress | 552 1 Requested mail action aborted, mailbox not found
greylisted retry | 421 4.7.0 [GL01] Message from (192.0.2.1) temporarily deferred
temporary retry | 451 Resources temporarily unavailable. Please try again later [#4.16.1].
rate_connection reconnect | 421 Max message per connection reached, closing transmission channel
rate_recipient retry | 450 User is receiving mail too quickly
content stop_and_ask | DOT 554 5.7.1 [HM08] Message rejected due to local policy.
content stop_and_ask | DOT 550 5.7.1 [CS01] Message rejected due to local policy. Please visit a page
full suppress_after(3) | 552 5.2.2 <a@x.example>: user is over quota
gone suppress | 550 5.1.1 <a@x.example>: user does not exist
gone suppress | 550 5.1.6 <a@x.example>: recipient no longer on server
rate_domain slow_domain | 421 4.7.1 Messages to a@x.example deferred due to excessive volume. Try again later
sender_policy stop_and_ask | DOT 550 5.7.1 Your message was rejected due to zsia.example DMARC policy.
content stop_and_ask | DOT 550 5.7.1 Your email was rejected due to having a domain present in the Spamhaus DBL
"""
FILTERS = """
ip_policy stop_and_ask | 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.1
ip_policy stop_and_ask | 554 Service unavailable; Client host [mx.x.example] blocked using Barracuda Reputation
ip_policy stop_and_ask | 554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked
ip_policy stop_and_ask | 550 5.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.1]
ip_policy stop_and_ask | 450 4.7.1 Client host rejected: cannot find your hostname, [192.0.2.1]
ip_policy stop_and_ask | 554 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.1
ip_policy stop_and_ask | 554-mx.x.example Your access to this mail system has been rejected due to the sending MTA's poor reputation.
ip_policy stop_and_ask | 550 5.7.1 Mail from 192.0.2.1 was blocked by Trend Micro Email Reputation
greylisted retry | 451 Internal resource temporarily unavailable - https://community.mimecast.example
gone suppress | 550 Invalid Recipient - https://community.mimecast.example
gone suppress | 550 5.7.1 <a@x.example>: Recipient address rejected: User email address is marked as invalid
sender_policy none | 550 Administrative prohibition - envelope blocked
sender_policy none | 550 Rejected by header based Anti-Spoofing policy
content stop_and_ask | DOT 554 Email rejected due to security policies
sender_policy none | 550 permanent failure for one or more recipients (a@x.example:blocked)
gone suppress_after(2) | 550 #5.1.0 Address rejected.
rate_domain slow_domain | 452 Too many recipients received this hour
"""
SERVERS = """
gone suppress | 550 5.1.1 <a@x.example>: Recipient address rejected: User unknown in virtual mailbox table
gone suppress | 550 5.1.1 <a@x.example>: Recipient address rejected: User unknown in local recipient table
gone suppress | 550 5.1.1 <a@x.example>: Recipient address rejected: undeliverable address: host mx.x.example[192.0.2.1] said: 550 no
temporary retry | 450 4.1.1 <a@x.example>: Recipient address rejected: User unknown in virtual mailbox table
temporary retry | 450 4.1.1 <a@x.example>: Recipient address rejected: unverified address: Address verification in progress
greylisted retry | 450 4.2.0 <a@x.example>: Recipient address rejected: Greylisted, see http://postgrey.example/help
greylisted retry | 451 4.7.1 Greylisting in action, please come back later
config stop_and_ask | 554 5.7.1 <a@x.example>: Relay access denied
config stop_and_ask | 504 5.5.2 <office>: Helo command rejected: need fully-qualified hostname
sender_policy stop_and_ask | 450 4.1.8 <b@y.example>: Sender address rejected: Domain not found
sender_policy none | 554 5.7.1 <a@x.example>: Recipient address rejected: Access denied
content stop_and_ask | 552 5.3.4 Message size exceeds fixed limit
temporary retry | 452 4.3.1 Insufficient system storage
gone suppress | 550 Unrouteable address
gone suppress | 550 Unknown user
config stop_and_ask | 550 relay not permitted
sender_policy stop_and_ask | 550 Sender verify failed
gone suppress | 553 sorry, no mailbox here by that name. (#5.1.1)
gone suppress | Sorry, no mailbox here by that name. vpopmail (#5.1.1)
config stop_and_ask | 553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)
temporary retry | Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)
temporary retry | Sorry, I couldn't find any host named x.example. (#5.1.2)
gone suppress | 550 5.1.1 <a@x.example>... User unknown
gone suppress | 553 5.3.0 <a@x.example>... Addressee unknown, relay=[192.0.2.1]
gone suppress | 553 5.3.0 <a@x.example>... No such user here
full suppress_after(3) | 552 5.2.2 <a@x.example>... Mailbox full
full suppress_after(3) | 552 Message for <a@x.example> would exceed mailbox quota
full suppress_after(3) | 552 Quota violation for a@x.example
sender_policy stop_and_ask | 553 5.1.8 <b@y.example>... Domain of sender address b@y.example does not exist
rate_account pause_relay | 454 Throttling failure: Daily message quota exceeded.
rate_account pause_relay | 454 Throttling failure: Maximum sending rate exceeded.
sender_policy stop_and_ask | 554 Message rejected: Email address is not verified.
auth stop_and_ask | 535 Authentication Credentials Invalid
"""
CHINA = """
gone suppress | 551 5.1.1 recipient is not exist
gone suppress | 550 #2175041 unavailable mail user
gone suppress | 550 Local User [a@x.example] not found.
gone suppress | 550 User not found: a@x.example
gone suppress | 503 Rcptto account isn't a local account
gone suppress | 550 用户a@x.example不存在
gone suppress | 550 收件人地址不存在
gone suppress | 550 该用户未开通QQ邮箱
inactive suppress_after(2) | 550 user is locked.
inactive suppress_after(2) | 550 User a@x.example is disabled
inactive suppress_after(2) | 550 User hangup
inactive suppress_after(2) | 550 该帐号已被冻结
full suppress_after(3) | 552 mail box space not enough
full suppress_after(3) | 552 Quota exceed the hard limit for user a@x.example
full suppress_after(3) | 550 收件人邮箱空间已满
ip_policy stop_and_ask | 550 black ip.
ip_policy stop_and_ask | 554 rbl deny.
ip_policy stop_and_ask | 554 IP is hangup
sender_policy stop_and_ask | 553 host denies the sender.
config stop_and_ask | 553 host denies relay.
content stop_and_ask | DOT 552 message rejected by anti-spam engine.
content stop_and_ask | DOT 554 spamed by local spam engine
content stop_and_ask | DOT 552 Virus found.
content stop_and_ask | DOT 550 疑似垃圾邮件，已拒绝
rate_account pause_relay | 504 the number of RCPT attempts is achieved the maximum threshold
rate_account pause_relay | DOT 554 发信频率超过限制
rate_domain slow_domain | DOT 552 too many same size mails.
opt_out suppress | DOT 550 该邮件被收件人拒收
unknown suppress_after(3) | 550 rcpt is rejected
temporary retry | 450 mailbox unavailable.
temporary retry | 451 系统繁忙，请稍后重试
"""


def rows(text: str) -> list[tuple[str, str]]:
    """The (expectation, reply) pairs of a table."""
    return [
        (left.strip(), right.strip())
        for left, _bar, right in (line.partition("|") for line in text.split("\n") if line)
    ]


def meaning_of(line: str) -> Meaning:
    """The meaning of a line: after the message where it begins with DOT, else after RCPT."""
    phase = Phase.DOT if line.startswith("DOT ") else Phase.RCPT
    return classify_reply(parse_reply_text(line.removeprefix("DOT "), phase))


def said(meaning: Meaning) -> str:
    """Class and action as the tables write them."""
    issues = f"({meaning.after_issues})" if meaning.after_issues else ""
    return f"{meaning.reply_class.value} {meaning.action.value}{issues}"


@pytest.mark.parametrize("table", [GOOGLE, MICROSOFT, YAHOO_APPLE, FILTERS, SERVERS, CHINA])
def test_replies_of_providers_mean_what_they_publish(table: str) -> None:
    wrong = [
        f"{line}: {said(meaning)} by {meaning.rule}, not {expected}"
        for expected, line in rows(table)
        if said(meaning := meaning_of(line)) != expected
    ]
    assert not wrong, "\n" + "\n".join(wrong)
    assert len(rows(table)) > 15
