"""A private Postfix for tests: it takes mail on a high port over STARTTLS and keeps it in Maildirs.

It needs Debian's postfix and, as Postfix itself does, root; elsewhere the tests that want it are skipped with one line.
"""

import os
import pwd
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import need
from tests.mail.certificates import Certificates
from tests.mail.line_server import free_port

DOMAIN = "reader.test"
SETTINGS = {
    "compatibility_level": "3.6",
    "queue_directory": "{home}/queue",
    "data_directory": "{home}/data",
    "maillog_file": "{home}/log/postfix.log",
    "maillog_file_prefixes": "{home}",
    "multi_instance_enable": "no",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "relay.test",
    "mydestination": "",
    "alias_maps": "",
    "local_recipient_maps": "",
    "mynetworks": "127.0.0.0/8",
    "smtpd_tls_security_level": "may",
    "smtpd_tls_cert_file": "{home}/etc/relay.pem",
    "smtpd_tls_key_file": "{home}/etc/relay.key",
    "virtual_mailbox_domains": DOMAIN,
    "virtual_mailbox_base": "{home}/mail",
    "virtual_mailbox_maps": "inline:{{ {mailboxes} }}",
    "virtual_minimum_uid": "1",
    "virtual_uid_maps": "static:{uid}",
    "virtual_gid_maps": "static:{gid}",
}
MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
local     unix - n n - - local
virtual   unix - n n - - virtual
lmtp      unix - - n - - lmtp
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running Postfix; addresses at DOMAIN with the local parts it was started with exist, others do not."""

    port: int
    home: Path
    authority: Path

    def mailbox(self, name: str, count: int = 1, seconds: float = 15) -> list[bytes]:
        """Wait until a mailbox holds so many messages and return them as stored."""
        folder = self.home / "mail" / name / "new"
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            found = sorted(folder.iterdir()) if folder.is_dir() else []
            if len(found) >= count:
                return [one.read_bytes() for one in found]
            time.sleep(0.05)
        raise AssertionError(f"{name} did not get {count} messages; see {self.log()}")

    def wait_for_log(self, pattern: str, start: int = 0, seconds: float = 15) -> tuple[str, ...]:
        """Wait until a line matches, after so many characters of the log, and return the last such match's groups."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := list(re.finditer(pattern, self.log()[start:])):
                return found[-1].groups()
            time.sleep(0.05)
        raise AssertionError(f"nothing like {pattern} in {self.log()[start:]}")

    def log(self) -> str:
        """What Postfix wrote."""
        file = self.home / "log" / "postfix.log"
        return file.read_text() if file.exists() else ""


def start_postfix(
    home: Path, certificates: Certificates, mailboxes: tuple[str, ...], settings: dict[str, str] | None = None
) -> Postfix:
    """Start a Postfix in a folder that everybody may enter; stop it with stop_postfix. `settings` go before ours."""
    for name in ("etc", "queue", "data", "log", "mail"):
        (home / name).mkdir()
    nobody, postfix = pwd.getpwnam("nobody"), pwd.getpwnam("postfix")
    os.chown(home / "data", postfix.pw_uid, postfix.pw_gid)
    os.chown(home / "mail", nobody.pw_uid, nobody.pw_gid)
    for source, name in ((certificates.good.certificate, "relay.pem"), (certificates.good.key, "relay.key")):
        shutil.copy(source, home / "etc" / name)
    port = free_port()
    kept = ", ".join(f"{{ {name}@{DOMAIN} = {name}/ }}" for name in mailboxes)
    ours = {
        name: value.format(home=home, mailboxes=kept, uid=nobody.pw_uid, gid=nobody.pw_gid)
        for name, value in SETTINGS.items()
    }
    lines = [f"{name} = {value}\n" for name, value in (ours | (settings or {})).items()]
    (home / "etc" / "main.cf").write_text("".join(lines), "utf-8")
    (home / "etc" / "master.cf").write_text(MASTER.format(port=port))
    started = subprocess.run(["postfix", "-c", home / "etc", "start"], capture_output=True, text=True, timeout=60)
    assert started.returncode == 0, started.stderr
    relay = Postfix(port, home, certificates.authority)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return relay
        time.sleep(0.05)
    raise AssertionError(f"Postfix does not listen; {relay.log()}")


def stop_postfix(relay: Postfix) -> None:
    """Stop it and remove its folder."""
    subprocess.run(["postfix", "-c", relay.home / "etc", "stop"], capture_output=True, timeout=60)
    shutil.rmtree(relay.home, ignore_errors=True)


@pytest.fixture(scope="session")
def postfix(certificates: Certificates) -> Iterator[Postfix]:
    """A Postfix with the mailboxes zhang and li, for the whole session."""
    need(shutil.which("postfix") is not None, "Postfix", "install the package postfix")
    need(os.geteuid() == 0, "root, which Postfix wants to start,", "run these tests as root in a container")
    home = Path(tempfile.mkdtemp(prefix="jianbao-postfix-"))
    home.chmod(0o755)
    relay = start_postfix(home, certificates, ("zhang", "li"))
    yield relay
    stop_postfix(relay)
