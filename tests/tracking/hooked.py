"""Calls of providers as the tests sign them: with keys of their own."""

import base64
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

TOPIC = "arn:aws:sns:eu-west-1:123456789012:bounces"
CERTIFICATE_URL = f"https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-{'0a' * 16}.pem"
CONFIRM_URL = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336"
APP_KEY = "an APP KEY of the tests"


@dataclass(frozen=True)
class Signer:
    """A key with a certificate, as SNS has one."""

    key: rsa.RSAPrivateKey
    pem: bytes

    @classmethod
    def make(cls, now: datetime, bits: int = 2048, days: int = 30) -> "Signer":
        key = rsa.generate_private_key(65537, bits)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
        built = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(7)
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
            .sign(key, hashes.SHA256())
        )
        return cls(key, built.public_bytes(serialization.Encoding.PEM))

    def sign(self, message: dict[str, str], version: str = "2") -> bytes:
        """The body of an SNS call with its signature."""
        confirming = message["Type"] != "Notification"
        names = (
            ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
            if confirming
            else ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
        )
        text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = base64.b64encode(self.key.sign(text.encode(), padding.PKCS1v15(), digest)).decode()
        whole = {"SigningCertURL": CERTIFICATE_URL, **message, "SignatureVersion": version, "Signature": signature}
        return json.dumps(whole).encode()


def notification(told: Mapping[str, object] | str, now: datetime, name: str = "id-1", **more: str) -> dict[str, str]:
    """An SNS notification, not signed."""
    text = told if isinstance(told, str) else json.dumps(told)
    at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return {"Type": "Notification", "MessageId": name, "TopicArn": TOPIC, "Message": text, "Timestamp": at, **more}


def ses_bounce(
    address: str,
    token: str,
    kind: str = "Permanent",
    diagnostic: str = "smtp; 550 5.1.1 no such user",
    sub: str = "General",
    status: str = "5.1.1",
) -> dict[str, object]:
    """What SES says of a bounce."""
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": kind,
            "bounceSubType": sub,
            "timestamp": "2020-07-31T02:00:05.000Z",
            "bouncedRecipients": [
                {"emailAddress": address, "action": "failed", "status": status, "diagnosticCode": diagnostic}
            ],
        },
        "mail": {
            "messageId": "0102-of-ses",
            "headers": [
                {"name": "Message-ID", "value": "<0102-of-ses@eu-west-1.amazonses.com>"},
                {"name": "X-Jianbao-Delivery", "value": token},
            ],
        },
    }


def sendcloud_form(now: datetime, token: str = "once", key: str = APP_KEY, timestamp: str = "", **fields: str) -> bytes:
    """The body of a call of SendCloud, signed."""
    timestamp = timestamp or str(int(now.timestamp() * 1000))
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), sha256).hexdigest()
    return urlencode({"timestamp": timestamp, "token": token, "signature": signature, **fields}).encode()
