"""Signatures are verified by dkimpy, which shares nothing with our code; keys come from private files only."""

import contextlib
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as generate_elliptic_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from mailer.config import Config, load_config
from mailer.errors import ConfigError, InputError, StateError
from mailer.mail.dkim import Signer, load_signers, make_signer
from mailer.mail.message import make_composer
from mailer.mail.signature import relax_fields
from mailer.model.delivery import Recipient
from mailer.model.dkim import KeyType
from mailer.model.edition import Asset
from tests.conftest import REPOSITORY
from tests.mail.carried import to_wire
from tests.mail.test_message import CODE, PDF, PICTURE, make_delivery, make_edition, make_letterhead, with_files

DOMAIN = "news.example"
SPACED = Asset("two  blanks .txt", "text/plain", b"a  b \n\n\n")


@pytest.fixture(scope="module")
def signers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Signer]:
    folder = tmp_path_factory.mktemp("keys")
    return {
        kind: make_signer(f"s-{kind}", DOMAIN, KeyType(kind), folder / f"{kind}.pem") for kind in ("rsa", "ed25519")
    }


def compose(*signers: Signer, files: bool = False, public_url: str = "https://news.example") -> bytes:
    edition = with_files((PICTURE, CODE), (PDF, SPACED)) if files else make_edition()
    return make_composer(edition, make_letterhead(public_url), signers).compose(make_delivery())


def verify(message: bytes, signers: dict[str, Signer], index: int = 0) -> bool:
    """Ask dkimpy, which finds the records as DNS would give them."""
    records = {f"{one.record.name}.".encode(): one.record.value.encode() for one in signers.values()}
    return bool(dkim.DKIM(message).verify(idx=index, dnsfunc=lambda name, timeout=5: records.get(name)))


@pytest.mark.parametrize("files", [False, True])
@pytest.mark.parametrize("public_url", ["", "https://news.example"])
@pytest.mark.parametrize("kinds", [("rsa",), ("ed25519",), ("rsa", "ed25519")])
def test_dkimpy_verifies_every_signature(
    kinds: tuple[str, ...], public_url: str, files: bool, signers: dict[str, Signer]
) -> None:
    message = compose(*(signers[kind] for kind in kinds), files=files, public_url=public_url)
    assert [verify(message, signers, index) for index in range(len(kinds))] == [True] * len(kinds)
    assert message.count(b"DKIM-Signature: ") == len(kinds)
    assert re.findall(rb"\ba=([a-z0-9-]+);", message) == [f"{kind}-sha256".encode() for kind in kinds]
    assert to_wire(message) == message
    assert max(map(len, message.partition(b"\r\n\r\n")[0].split(b"\r\n"))) <= 200  # a link in a header cannot fold


def test_signed_is_the_unsigned_message_with_a_field_before_it(signers: dict[str, Signer]) -> None:
    assert compose(signers["rsa"], files=True).endswith(compose(files=True))


def change(pattern: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def act(message: bytes) -> bytes:
        changed, count = re.subn(pattern, new, message, count=1)
        assert count == 1
        return changed

    return act


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "from": change(rb"<bulletin@news", b"<bulletim@news"),
    "to": change(rb"To: zhang@", b"To: wang@"),
    "subject": change(rb"Subject: =\?UTF-8\?B\?", b"Subject: x =?UTF-8?B?"),
    "date": change(rb"Date: Fri, 31", b"Date: Fri, 30"),
    "message-id": change(rb"Message-ID: <", b"Message-ID: <x"),
    "reply-to": change(rb"Reply-To: office@", b"Reply-To: thief@"),
    "list-id": change(rb"<members\.news", b"<others.news"),
    "list-unsubscribe": change(rb"<https://news.example/u/", b"<https://evil.example/u/"),
    "no list-unsubscribe-post": change(rb"List-Unsubscribe-Post: [^\r]*\r\n", b""),
    "feedback-id": change(rb":bulletin:", b":letter:"),
    "delivery": change(rb"X-Jianbao-Delivery: ", b"X-Jianbao-Delivery: a"),
    "content-type": change(rb"multipart/alternative", b"multipart/mixed"),
    "time": change(rb"; t=1", b"; t=2"),
    "body": change(rb"(base64\r\n\r\n)", rb"\1AAAA\r\n"),
    "body made longer": lambda message: message + b"more\r\n",
    "second from": lambda message: b"From: minister@gov.example\r\n" + message,
    "second subject": lambda message: b"Subject: pay now\r\n" + message,
    "second reply-to": lambda message: b"Reply-To: thief@evil.example\r\n" + message,
    "second content-type": lambda message: b"Content-Type: text/plain\r\n" + message,
}  # fmt: skip


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
@pytest.mark.parametrize("what", CHANGES)
def test_whatever_is_changed_on_the_way_breaks_the_signature(what: str, kind: str, signers: dict[str, Signer]) -> None:
    message = compose(signers[kind])
    assert verify(message, signers)
    with contextlib.suppress(dkim.ValidationError):  # so it says that the body hash differs
        assert not verify(CHANGES[what](message), signers)


def test_every_field_is_signed(signers: dict[str, Signer]) -> None:
    for public_url in ("", "https://news.example"):
        message = compose(signers["ed25519"], public_url=public_url)
        head = message.partition(b"\r\n\r\n")[0]
        names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n") if not line.startswith(b" ")}
        found = re.search(rb"h=([^;]+);", message)
        assert found is not None
        signed = found[1].replace(b"\r\n ", b"").split(b":")
        assert names - {b"dkim-signature"} == set(signed) - ({b"reply-to"} - names)
        assert signed.count(b"from") == 2
    assert b" l=" not in message


def test_a_retry_repeats_the_same_bytes_and_another_date_other_ones(signers: dict[str, Signer]) -> None:
    both = tuple(signers.values())
    first, second = compose(*both), compose(*both)
    assert first == second
    delivery = make_delivery()
    later = replace(delivery, sent_date=delivery.sent_date + timedelta(seconds=1), attempts=3, lease="other")
    again = make_composer(make_edition(), make_letterhead("https://news.example"), both)
    assert again.compose(replace(delivery, attempts=3, lease="other")) == first
    assert again.compose(later) != first
    assert f"t={int(delivery.sent_date.timestamp())};".encode() in first


@given(name=st.text(max_size=30), organisation=st.text(max_size=90))
def test_the_body_is_in_relaxed_form_as_it_is(name: str, organisation: str) -> None:
    recipient = Recipient("zhang@member.example", name=name, organisation=organisation)
    composer = make_composer(with_files((PICTURE,), (PDF, SPACED)), make_letterhead())
    try:
        message = composer.compose(make_delivery(recipient))
    except InputError:
        return
    head, _blank, body = message.partition(b"\r\n\r\n")
    assert dkim.canonicalization.Relaxed.canonicalize_body(body) == body
    fields = [tuple(re.split(b":", field, maxsplit=1)) for field in re.split(rb"\r\n(?!\s)", head)]
    expected = dkim.canonicalization.Relaxed.canonicalize_headers([(n, v + b"\r\n") for n, v in fields])
    assert relax_fields(head + b"\r\n") == b"".join(n + b":" + v for n, v in expected)


def test_a_record_comes_in_strings_that_dns_can_carry(signers: dict[str, Signer]) -> None:
    record = signers["rsa"].record
    assert record.name == "s-rsa._domainkey.news.example"
    assert record.value.startswith("v=DKIM1; k=rsa; p=MII")
    assert [len(part) for part in record.strings] == [255, len(record.value) - 255]
    assert "".join(record.strings) == record.value
    short = signers["ed25519"].record
    assert re.fullmatch(r"v=DKIM1; k=ed25519; p=[A-Za-z0-9+/]{43}=", short.value)
    assert short.strings == (short.value,)


def config_with(folder: Path, table: str) -> Config:
    text = (
        (REPOSITORY / "config.toml").read_text("utf-8").replace("bulletin@zsia.example", "bulletin@mail.zsia.example")
    )
    (folder / "config.toml").write_text(f"{text}\n{table}\n", "utf-8")
    return load_config(folder)


def test_keys_are_read_from_their_files_and_never_shown(tmp_path: Path) -> None:
    made = make_signer("a", "zsia.example", KeyType.RSA, tmp_path / "keys" / "a.pem")
    make_signer("b", "", KeyType.ED25519, tmp_path / "keys" / "b.pem")
    assert (tmp_path / "keys" / "a.pem").stat().st_mode & 0o777 == 0o600
    tables = '[dkim.a]\nkey_file = "keys/a.pem"\ndomain = "zsia.example"\n[dkim.b]\nkey_file = "keys/b.pem"'
    first, second = load_signers(config_with(tmp_path, tables), tmp_path)
    assert first.record == made.record
    assert (second.domain, second.key_type) == ("mail.zsia.example", KeyType.ED25519)
    assert "key" not in repr(first)
    assert load_signers(config_with(tmp_path, ""), tmp_path) == ()


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "a.pem"
    make_signer("a", DOMAIN, KeyType.ED25519, file)
    before = file.read_bytes()
    with pytest.raises(StateError, match="there is a key of this name"):
        make_signer("a", DOMAIN, KeyType.ED25519, file)
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]


def pem(bits: int, password: bytes = b"") -> bytes:
    hidden = BestAvailableEncryption(password) if password else NoEncryption()
    return generate_private_key(65537, bits).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden)


ELLIPTIC = generate_elliptic_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("content", "mode", "expected"),
    [
        (None, 0o600, r"a\.pem: dkim\.a\.key_file: cannot be read"),
        (pem(2048), 0o640, "the key file may be read by others"),
        (pem(1024), 0o600, "an RSA key of 1024 bits is too short; receivers want 2048"),
        (pem(2048, b"secret"), 0o600, "is not a private key in PEM without a password"),
        (b"-----BEGIN PRIVATE KEY-----\nno\n", 0o600, "is not a private key in PEM without a password"),
        (ELLIPTIC, 0o600, "DKIM knows RSA and Ed25519 keys only"),
        (b"", 0o600, "is not a private key in PEM without a password"),
    ],
)
def test_a_key_that_cannot_be_used_is_refused_with_a_cure(
    content: bytes | None, mode: int, expected: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "a.pem").write_bytes(content)
        (tmp_path / "a.pem").chmod(mode)
    with pytest.raises(ConfigError, match=expected) as caught:
        load_signers(config_with(tmp_path, '[dkim.a]\nkey_file = "a.pem"'), tmp_path)
    assert re.search(r"mailer dkim create|chmod 600", caught.value.cure)


def test_an_answer_and_a_proof_are_signed_whole(signers: dict[str, Signer]) -> None:
    composer = make_composer(make_edition(), make_letterhead(), [signers["rsa"]], proof="draft")
    answers = "<abcdefgh@news.example>"
    message = composer.compose(replace(make_delivery(), answers=answers))
    assert verify(message, signers)
    assert f"In-Reply-To: {answers}\r\nReferences: {answers}\r\n".encode() in message
    assert b"X-Jianbao-Proof: draft\r\n" in message
    for field in (b"In-Reply-To", b"References", b"X-Jianbao-Proof"):
        assert not verify(re.sub(field + rb": [^\r]+", field + b": <x@evil.example>", message), signers), field
    assert verify(composer.compose(make_delivery()), signers), "the same composer, for one that answers nothing"


def test_what_is_no_message_id_cannot_be_answered() -> None:
    with pytest.raises(InputError, match="Message-ID"):
        make_composer(make_edition(), make_letterhead()).compose(replace(make_delivery(), answers="<x>\r\nBcc: <y@z>"))
