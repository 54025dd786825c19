"""Webhooks: only what the provider signed counts, once, and only about mail of ours."""

import json
from collections.abc import Callable
from datetime import timedelta
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.config import WebhookConfig
from mailer.mail.replies import load_rules
from mailer.model.outcome import ReplyClass
from mailer.model.report import ReportKind, ReturnedMail
from mailer.store import audience
from mailer.store.plans import ORDINALS
from mailer.tokens import Purpose, hash_address, sign_token
from mailer.tracking.record import Rules
from mailer.tracking.webhooks import PROVIDERS
from mailer.tracking.webhooks.fetch import CertificateStore
from mailer.tracking.webhooks.provider import HookCall, HookMessage, HookRefusedError
from mailer.tracking.webhooks.recording import record_message
from tests.tracking.hooked import (
    APP_KEY,
    CERTIFICATE_URL,
    CONFIRM_URL,
    TOPIC,
    Signer,
    notification,
    sendcloud_form,
    ses_bounce,
)
from tests.world import NOW, SECRET, World

SES = WebhookConfig(provider="amazon_ses", topics=(TOPIC,))
SENDCLOUD = WebhookConfig(provider="sendcloud", key_env="KEY")
REPLIES = load_rules()
SIGNER = Signer.make(NOW)


def read(
    body: bytes, config: WebhookConfig = SES, now: object = NOW, fetch: Callable[[str], bytes] | None = None
) -> HookMessage:
    key = APP_KEY if config is SENDCLOUD else ""
    asked: list[str] = []

    def get(url: str) -> bytes:
        asked.append(url)
        return SIGNER.pem

    call = HookCall(body, config, key, now, fetch or get, REPLIES)  # type: ignore[arg-type]
    return PROVIDERS[config.provider].read(call)


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_bounce_that_sns_signed_is_read(version: str) -> None:
    told = ses_bounce("li@firm.example", "a" * 40)
    message = read(SIGNER.sign(notification(told, NOW, Subject="Amazon SES"), version))
    (one,) = message.reports
    assert (one.report.kind, one.report.token) == (ReportKind.BOUNCE, "a" * 40)
    (recipient,) = one.report.recipients
    assert (recipient.address, recipient.meaning.reply_class) == ("li@firm.example", ReplyClass.GONE)
    assert one.happened_at.second == 5, "when it happened, not when it was told"


@pytest.mark.parametrize(
    "change",
    [
        {"Message": "{}"},
        {"MessageId": "another"},
        {"TopicArn": "arn:aws:sns:eu-west-1:123456789012:other"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"Signature": "AAAA"},
        {"Signature": "not base64"},
        {"Type": "UnsubscribeConfirmation"},
        {"Timestamp": "2020-07-29T02:00:00Z"},
        {"Timestamp": "soon"},
        {"SigningCertURL": CERTIFICATE_URL.replace("https", "http")},
        {"SigningCertURL": CERTIFICATE_URL.replace("amazonaws.com", "amazonaws.com.attacker.example")},
        {"SigningCertURL": CERTIFICATE_URL.replace("https://sns", "https://attacker.example/sns")},
        {"SigningCertURL": CERTIFICATE_URL.replace("https://", "https://a@")},
        {"SigningCertURL": CERTIFICATE_URL.replace("sns.", "s3.")},
        {"SigningCertURL": CERTIFICATE_URL.replace("eu-west-1", "us-east-1")},
        {"SigningCertURL": CERTIFICATE_URL + "\n"},
        {"SigningCertURL": CERTIFICATE_URL + "?x=.pem"},
    ],
    ids=str,
)
def test_what_was_changed_or_is_from_elsewhere_is_refused(change: dict[str, str]) -> None:
    whole = json.loads(SIGNER.sign(notification(ses_bounce("li@firm.example", "a" * 40), NOW)))
    with pytest.raises(HookRefusedError):
        read(json.dumps(whole | change).encode())


def test_nothing_is_fetched_for_a_topic_or_an_address_that_is_not_ours() -> None:
    def never(url: str) -> bytes:
        raise AssertionError(url)

    whole = json.loads(SIGNER.sign(notification("{}", NOW)))
    for change in ({"TopicArn": TOPIC + "x"}, {"SigningCertURL": "https://169.254.169.254/x.pem"}):
        with pytest.raises(HookRefusedError):
            read(json.dumps(whole | change).encode(), fetch=never)


def test_an_expired_certificate_and_a_short_key_are_no_good() -> None:
    for other in (Signer.make(NOW, days=-1), Signer.make(NOW, bits=1024)):
        with pytest.raises(HookRefusedError):
            read(other.sign(notification("{}", NOW)), fetch=lambda _url, pem=other.pem: pem)  # type: ignore[misc]


def test_a_subscription_is_confirmed_only_at_sns_and_only_for_our_topic() -> None:
    asked = notification("You have chosen", NOW, Token="2336", SubscribeURL=CONFIRM_URL) | {
        "Type": "SubscriptionConfirmation"
    }
    assert read(SIGNER.sign(asked)).confirm == CONFIRM_URL
    for url in (
        "https://attacker.example/?Action=ConfirmSubscription&Token=1",
        CONFIRM_URL.replace("eu-west-1", "eu-west-2"),
    ):
        with pytest.raises(HookRefusedError):
            read(SIGNER.sign(asked | {"SubscribeURL": url}))


def test_a_passing_bounce_is_not_hard_and_feedback_keeps_its_type() -> None:
    told = ses_bounce("li@firm.example", "a" * 40, kind="Transient", diagnostic="smtp; 550 5.1.1 no such user")
    (one,) = read(SIGNER.sign(notification(told, NOW))).reports
    assert not one.report.recipients[0].meaning.reply_class.hard
    complaint = {
        "eventType": "Complaint",
        "complaint": {
            "complainedRecipients": [{"emailAddress": "li@firm.example"}],
            "complaintFeedbackType": "auth-failure",
        },
        "mail": {},
    }
    (one,) = read(SIGNER.sign(notification(complaint, NOW))).reports
    assert (one.report.kind, one.report.feedback) == (ReportKind.COMPLAINT, "auth-failure")
    delayed = {
        "eventType": "DeliveryDelay",
        "deliveryDelay": {"delayedRecipients": [{"emailAddress": "li@firm.example"}]},
    }
    (one,) = read(SIGNER.sign(notification(delayed, NOW))).reports
    assert one.report.kind is ReportKind.DELAYED
    delivered = {"eventType": "Delivery", "delivery": {"recipients": ["li@firm.example"], "smtpResponse": "250 ok"}}
    (one,) = read(SIGNER.sign(notification(delivered, NOW))).reports
    assert one.report.kind is ReportKind.DELIVERED


@pytest.mark.parametrize(
    ("kind", "sub", "diagnostic", "status", "reply_class"),
    [
        ("Permanent", "General", "", "", ReplyClass.GONE),
        ("Permanent", "General", "smtp; 550 5.7.1 blocked using zen.spamhaus.org", "5.7.1", ReplyClass.IP_POLICY),
        ("Permanent", "NoEmail", "", "", ReplyClass.GONE),
        ("Permanent", "Suppressed", "", "5.1.1", ReplyClass.INACTIVE),
        ("Permanent", "OnAccountSuppressionList", "", "", ReplyClass.INACTIVE),
        ("Transient", "MailboxFull", "", "", ReplyClass.FULL),
        ("Transient", "MailboxFull", "smtp; 550 5.1.1 user unknown", "5.1.1", ReplyClass.FULL),
        ("Transient", "ContentRejected", "", "", ReplyClass.CONTENT),
        ("Transient", "AttachmentRejected", "", "", ReplyClass.CONTENT),
        ("Transient", "MessageTooLarge", "", "", ReplyClass.CONTENT),
        ("Transient", "General", "", "", ReplyClass.TEMPORARY),
        ("Transient", "General", "smtp; 550 5.1.1 user unknown", "5.1.1", ReplyClass.TEMPORARY),
        ("Undetermined", "Undetermined", "", "", ReplyClass.UNKNOWN),
        ("Undetermined", "Undetermined", "smtp; 550 5.1.1 user unknown", "5.1.1", ReplyClass.UNKNOWN),
        ("Undetermined", "Undetermined", "smtp; 552 mailbox full", "", ReplyClass.FULL),
    ],
)
def test_a_bounce_is_what_ses_says_in_its_type(
    kind: str, sub: str, diagnostic: str, status: str, reply_class: ReplyClass
) -> None:
    told = ses_bounce("li@firm.example", "a" * 40, kind, diagnostic, sub, status)
    (one,) = read(SIGNER.sign(notification(told, NOW))).reports
    (recipient,) = one.report.recipients
    assert (one.report.kind, recipient.meaning.reply_class) == (ReportKind.BOUNCE, reply_class)
    assert recipient.meaning.summary
    assert recipient.diagnostic == (diagnostic.removeprefix("smtp; ") or sub)


def test_a_form_of_sendcloud_is_read_and_only_with_its_signature_and_in_time() -> None:
    fields = {"event": "invalid", "recipient": "li@firm.example", "reason": "550 5.1.1 no such user",
              "userHeaders": json.dumps({"X-Jianbao-Delivery": "b" * 40})}  # fmt: skip
    (one,) = read(sendcloud_form(NOW, **fields), SENDCLOUD).reports
    assert (one.report.kind, one.report.token) == (ReportKind.BOUNCE, "b" * 40)
    assert one.report.recipients[0].meaning.reply_class is ReplyClass.GONE
    (soft,) = read(sendcloud_form(NOW, **fields | {"event": "soft_bounce"}), SENDCLOUD).reports
    assert not soft.report.recipients[0].meaning.reply_class.hard
    assert read(sendcloud_form(NOW, event="open", recipient="li@firm.example"), SENDCLOUD).reports == ()
    for body in (
        sendcloud_form(NOW, key="another", **fields),
        sendcloud_form(NOW - timedelta(hours=2), **fields),
        sendcloud_form(NOW + timedelta(hours=2), **fields),
        sendcloud_form(NOW, token="", **fields),
        b"signature=\xff&token=x&timestamp=1",
        b"",
    ):
        with pytest.raises(HookRefusedError):
            read(body, SENDCLOUD)


def delivered(world: World) -> tuple[int, str]:
    mailing_id = world.start_mailing()
    copies = world.claim_all(mailing_id)
    number = mailing_id * ORDINALS + 3
    return number, next(one.recipient.address for one in copies if one.id == number)


def record(world: World, message: HookMessage, body: bytes) -> list[ReturnedMail]:
    with world.store.write() as connection:
        return record_message(connection, SECRET, "ses", message, body, timedelta(days=1), NOW, Rules())


def test_a_call_counts_once_and_its_token_is_good_for_no_other_body(world: World) -> None:
    number, address = delivered(world)
    token = sign_token(SECRET, Purpose.BOUNCE, number)
    body = SIGNER.sign(notification(ses_bounce(address, token), NOW))
    message = read(body)
    (taken,) = record(world, message, body)
    assert (taken.delivery_id, taken.recorded, taken.suppressed) == (number, True, True)
    assert record(world, message, body) == []
    with pytest.raises(HookRefusedError):
        record(world, message, body + b" ")
    with world.store.read() as connection:
        assert audience.suppressed_among(connection, [hash_address(SECRET, address)], NOW)


def test_digits_moved_from_timestamp_to_token_make_no_other_call_of_sendcloud(world: World) -> None:
    number, address = delivered(world)
    token = sign_token(SECRET, Purpose.BOUNCE, number)
    heard = sendcloud_form(NOW, event="deliver", recipient="a@b.example")
    record(world, read(heard, SENDCLOUD), heard)
    fields = {name: values[0] for name, values in parse_qs(heard.decode()).items()}
    stamp = fields["timestamp"]
    forged = urlencode({
        "event": "invalid", "recipient": address, "reason": "550 5.1.1 no such user",
        "userHeaders": json.dumps({"X-Jianbao-Delivery": token}), "signature": fields["signature"],
        "timestamp": stamp[:10], "token": stamp[10:] + fields["token"],
    }).encode()  # fmt: skip
    with pytest.raises(HookRefusedError):
        record(world, read(forged, SENDCLOUD), forged)
    for digits in (9, 11, 12, 14):
        with pytest.raises(HookRefusedError, match="time"):
            read(sendcloud_form(NOW, timestamp=stamp.ljust(14, "0")[:digits]), SENDCLOUD)


def test_a_signed_call_with_a_token_that_is_not_ours_changes_nothing(world: World) -> None:
    _number, address = delivered(world)
    body = SIGNER.sign(notification(ses_bounce(address, "c" * 40), NOW))
    (taken,) = record(world, read(body), body)
    assert (taken.delivery_id, taken.recorded, taken.suppressed) == (None, False, False)


def test_a_certificate_is_fetched_once_and_one_that_fails_is_not_asked_for_again() -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        if "bad" in url:
            raise OSError("not there")
        return b"pem"

    store = CertificateStore(fetch)
    assert [store.get("good"), store.get("good")] == [b"pem", b"pem"]
    for _time in range(2):
        with pytest.raises(OSError, match="not"):
            store.get("bad")
    assert asked == ["good", "bad"]


@given(
    st.binary(max_size=300)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(lambda v: json.dumps(v).encode())
)
@settings(max_examples=60)
def test_whatever_comes_is_refused_and_nothing_else_is_raised(body: bytes) -> None:
    for config in (SES, SENDCLOUD):
        with pytest.raises(HookRefusedError):
            read(body, config)


ODD = st.sampled_from(
    ["x", 5, None, [], [1], [None], {}, {"headers": 5}, {"bouncedRecipients": [3, {"emailAddress": 1}]}]
)


@given(st.dictionaries(st.sampled_from(["bounce", "mail", "bouncedRecipients", "headers"]), ODD))
@settings(max_examples=60)
def test_a_notification_of_another_shape_says_nothing(told: dict[str, object]) -> None:
    assert read(SIGNER.sign(notification({"notificationType": "Bounce", **told}, NOW))).reports == ()
