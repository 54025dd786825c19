"""A private Dovecot for tests: it says who may log in to a Postfix, and takes mail by LMTP into Maildirs.

It needs Debian's dovecot-imapd and dovecot-lmtpd and, as Dovecot itself does, root.
"""

import os
import pwd
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tests.mail.certificates import Certificate
from tests.mail.line_server import free_port

CONFIG = """
protocols = lmtp imap
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
ssl = {ssl}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_chars =
first_valid_uid = 1
auth_failure_delay = 0
mailbox_idle_check_interval = 1s
mail_location = maildir:{home}/mail/%n
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {home}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={home}/mail/%n
}}
service auth {{
  unix_listener {home}/auth {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = 0
  }}
  inet_listener imaps {{
    address = 127.0.0.1
    port = {imap_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running Dovecot: its LMTP port, its IMAP port (TLS; 0 without a certificate), and the socket for logins."""

    lmtp_port: int
    imap_port: int
    home: Path
    process: subprocess.Popen[bytes]

    @property
    def login_socket(self) -> Path:
        """What smtpd_sasl_path names."""
        return self.home / "auth"

    def mails(self, name: str) -> list[bytes]:
        """The messages in a mailbox, as stored."""
        folder = self.home / "mail" / name / "new"
        return [one.read_bytes() for one in sorted(folder.iterdir())] if folder.is_dir() else []

    def log(self) -> str:
        """What Dovecot wrote."""
        file = self.home / "dovecot.log"
        return file.read_text() if file.exists() else ""


def start_dovecot(home: Path, logins: dict[str, str], certificate: Certificate | None = None) -> Dovecot:
    """Start a Dovecot in an empty folder that everybody may enter, with these logins and mailboxes; stop_dovecot stops it.

    With a certificate it lets them read their mail by IMAP over TLS.
    """
    nobody = pwd.getpwnam("nobody")
    (home / "mail").mkdir()
    os.chown(home / "mail", nobody.pw_uid, nobody.pw_gid)
    (home / "passwd").write_text("".join(f"{name}:{password}\n" for name, password in logins.items()), "utf-8")
    port = free_port()
    imap_port = free_port() if certificate is not None else 0
    ssl = f"yes\nssl_cert = <{certificate.certificate}\nssl_key = <{certificate.key}" if certificate else "no"
    ids = {"uid": nobody.pw_uid, "gid": nobody.pw_gid}
    (home / "dovecot.conf").write_text(CONFIG.format(home=home, **ids, port=port, imap_port=imap_port, ssl=ssl))
    process = subprocess.Popen(["dovecot", "-F", "-c", home / "dovecot.conf"], stderr=subprocess.DEVNULL)
    server = Dovecot(port, imap_port, home, process)
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if server.login_socket.exists() and probe.connect_ex(("127.0.0.1", port)) == 0:
                return server
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"Dovecot does not listen; {server.log()}")


def stop_dovecot(server: Dovecot) -> None:
    """Stop it with all its processes."""
    server.process.send_signal(signal.SIGTERM)
    try:
        server.process.wait(15)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait()
