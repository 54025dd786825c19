"""A Dovecot whose mailboxes are read by IMAP, and mail put into them."""

import os
import pwd
import shutil
import smtplib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailer.config import BouncesConfig
from tests.conftest import need
from tests.mail.certificates import Certificates
from tests.mail.dovecot import Dovecot, start_dovecot, stop_dovecot

PASSWORD = "授权码 of the tests"


@contextmanager
def running_dovecot(certificates: Certificates, *names: str) -> Iterator[Dovecot]:
    """A private Dovecot with these mailboxes, read by IMAP over TLS; all have PASSWORD."""
    need(shutil.which("dovecot") is not None, "Dovecot", "install the packages dovecot-imapd and dovecot-lmtpd")
    need(os.geteuid() == 0, "root, which Dovecot wants to start,", "run these tests as root in a container")
    home = Path(tempfile.mkdtemp(prefix="jianbao-imap-"))
    home.chmod(0o755)
    dovecot = start_dovecot(home, dict.fromkeys(names, PASSWORD), certificates.good)
    try:
        yield dovecot
    finally:
        stop_dovecot(dovecot)
        shutil.rmtree(home, ignore_errors=True)


def put_mail(dovecot: Dovecot, name: str, file: str, raw: bytes) -> None:
    """Lay a mail into a mailbox, as a delivery agent does."""
    nobody = pwd.getpwnam("nobody")
    folder = dovecot.home / "mail" / name
    for part in ("", "cur", "new", "tmp"):
        place = folder / part
        place.mkdir(exist_ok=True)
        os.chown(place, nobody.pw_uid, nobody.pw_gid)
    (folder / "tmp" / file).write_bytes(raw)
    os.chown(folder / "tmp" / file, nobody.pw_uid, nobody.pw_gid)
    (folder / "tmp" / file).rename(folder / "new" / file)


def deliver(dovecot: Dovecot, name: str, text: str) -> None:
    """Give a mail to the server by LMTP, which tells those that wait for mail."""
    with smtplib.LMTP("127.0.0.1", dovecot.lmtp_port) as lmtp:
        lmtp.sendmail("a@b.example", f"{name}@imap.test", f"Subject: {text}\r\n\r\n{text}\r\n")


def flags_of(dovecot: Dovecot, name: str, folder: str = "") -> dict[str, str]:
    """The files of a mailbox's folder and their flags."""
    place = dovecot.home / "mail" / name / folder
    found = [path.name for part in ("new", "cur") if (place / part).is_dir() for path in (place / part).iterdir()]
    return {one.partition(",")[0].partition(":")[0]: one.rpartition(",")[2] if ":2," in one else "" for one in found}


def bounces_config(dovecot: Dovecot, certificates: Certificates, name: str, **more: object) -> BouncesConfig:
    """The settings that read a mailbox of it."""
    return BouncesConfig.model_validate(
        {
            "imap_host": "127.0.0.1",
            "imap_port": dovecot.imap_port,
            "imap_ca_file": str(certificates.authority),
            "imap_username": name,
            **more,
        }
    )
