"""DKIM keys of a house (RFC 6376, 8301, 8463): made, read, shown for DNS, signed with. Home of cryptography."""

import base64
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mailer.config import Config, read_private_file
from mailer.errors import ConfigError, StateError
from mailer.i18n import _
from mailer.model.dkim import DnsRecord, KeyType

RSA_BITS = 2048  # RFC 8301 §3.2; DNS answers with a longer key do not fit everywhere
_PADDING, _HASH = PKCS1v15(), Prehashed(SHA256())


@dataclass(frozen=True, slots=True)
class Signer:
    """A key with its selector (s=) and domain (d=). The key is never printed; both kinds sign the same the same way."""

    selector: str
    domain: str
    key: RSAPrivateKey | Ed25519PrivateKey = field(repr=False)

    @property
    def key_type(self) -> KeyType:
        """The kind of the key."""
        return KeyType.RSA if isinstance(self.key, RSAPrivateKey) else KeyType.ED25519

    @property
    def algorithm(self) -> str:
        """The a= tag."""
        return f"{self.key_type}-sha256"

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the signature of a SHA-256 digest (RFC 6376 §3.3.1, 8463 §3)."""
        if isinstance(self.key, RSAPrivateKey):
            return self.key.sign(digest, _PADDING, _HASH)
        return self.key.sign(digest)

    @property
    def record(self) -> DnsRecord:
        """What must stand in DNS before anybody can verify (RFC 6376 §3.6.1, 8463 §4)."""
        public = self.key.public_key()
        if isinstance(self.key, RSAPrivateKey):
            octets = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            octets = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        name = f"{self.selector}._domainkey.{self.domain}"
        return DnsRecord(name, f"v=DKIM1; k={self.key_type}; p={base64.b64encode(octets).decode()}")


def load_signers(config: Config, home: Path) -> tuple[Signer, ...]:
    """Return the signers of a house, as its [dkim] tables name them; none where there are none.

    Raises ConfigError for a file that is missing, open to others, no key, or a key too short.
    """
    return tuple(
        Signer(selector, config.signing_domain(selector), _read_key(home / table.key_file, selector))
        for selector, table in config.dkim.items()
    )


def _read_key(path: Path, selector: str) -> RSAPrivateKey | Ed25519PrivateKey:
    place = f"dkim.{selector}.key_file"
    cure = _("make a key with `mailer dkim create {selector}`").format(selector=selector)
    pem = read_private_file(path, place, _("the key file may be read by others"), cure)
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it wants a password
        raise ConfigError(
            _("is not a private key in PEM without a password"), file=path, field=place, cure=cure
        ) from None
    if isinstance(key, RSAPrivateKey) and key.key_size < RSA_BITS:
        raise ConfigError(
            _("an RSA key of {bits} bits is too short; receivers want {wanted}").format(
                bits=key.key_size, wanted=RSA_BITS
            ),
            file=path,
            field=place,
            cure=_("make a new one under a new selector with `mailer dkim create NAME`, and publish it"),
        )
    if not isinstance(key, RSAPrivateKey | Ed25519PrivateKey):
        raise ConfigError(_("DKIM knows RSA and Ed25519 keys only"), file=path, field=place, cure=cure)
    return key


def make_signer(selector: str, domain: str, key_type: KeyType, path: Path) -> Signer:
    """Make a key, write it to a new file (PKCS #8 in PEM, mode 0600) and return it. Raises StateError where one is."""
    key = generate_private_key(65537, RSA_BITS) if key_type is KeyType.RSA else Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(temporary, path)  # fails where there is one: a key in use must never be lost
    except FileExistsError:
        raise StateError(
            _("there is a key of this name"),
            file=path,
            cure=_("choose another selector; receivers may still ask for the old key"),
        ) from None
    finally:
        temporary.unlink()
    return Signer(selector, domain, key)
