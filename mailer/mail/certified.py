"""Signatures over what a provider says by HTTP, checked with the certificate that it publishes."""

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

SHORTEST_KEY = 2048


def verify_certified(certificate: bytes, signature: bytes, signed: bytes, algorithm: str, now: datetime) -> bool:
    """Tell whether `signed` was signed (RSA, PKCS #1 v1.5, with "sha1" or "sha256") by the key of a PEM certificate.

    False also for a certificate that cannot be read, is out of its time, or has a key of another kind or too short. Who
    issued it is not asked: that is for whoever fetched it, over TLS and from the right host.
    """
    try:
        parsed = x509.load_pem_x509_certificate(certificate)
        key = parsed.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    if not parsed.not_valid_before_utc <= now <= parsed.not_valid_after_utc:
        return False
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SHORTEST_KEY:
        return False
    digest = hashes.SHA1() if algorithm == "sha1" else hashes.SHA256()  # noqa: S303 - what SNS's first version signs with
    try:
        key.verify(signature, signed, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True
