"""Keys that sign mail, as people and DNS see them: never the private part."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

_STRING = 255  # octets in one string of a TXT record (RFC 1035 §3.3)


class KeyType(StrEnum):
    """The kinds of keys we sign with. Every receiver knows RSA, few know Ed25519: that one stands beside an RSA key."""

    RSA = "rsa"
    ED25519 = "ed25519"


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """The TXT record that publishes a key."""

    name: str
    value: str

    @property
    def strings(self) -> tuple[str, ...]:
        """The value in strings of at most 255 octets; joined without blanks they are the value (RFC 6376 §3.6.2.2)."""
        return tuple(self.value[at : at + _STRING] for at in range(0, len(self.value), _STRING))


@dataclass(frozen=True, slots=True)
class DkimKey:
    """A key of a house: its selector (s=), domain (d=), kind, the record that publishes it, and where it is kept."""

    selector: str
    domain: str
    key_type: KeyType
    record: DnsRecord
    file: Path
