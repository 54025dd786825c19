"""A mailbox at a real Dovecot is read by IMAP: what is new, once each, and nothing of it is lost."""

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import NoReturn

import pytest

from mailer.config import BouncesConfig
from mailer.errors import MailboxError
from mailer.i18n import use_language
from mailer.model.outcome import Action, Meaning, ReplyClass
from mailer.model.report import Report, ReportedRecipient, ReportKind, ReturnedMail
from mailer.store.database import Store
from mailer.tracking import watching
from mailer.tracking.fetching import read_new
from mailer.tracking.intake import ArrivedMail
from mailer.tracking.mailbox import open_mailbox
from mailer.tracking.maildir import unseen_mail
from mailer.tracking.watching import MailboxWatch
from tests.mail.certificates import Certificates
from tests.mail.certificates import certificates as certificates
from tests.mail.dovecot import Dovecot
from tests.tracking.imap import PASSWORD, bounces_config, deliver, flags_of, put_mail, running_dovecot

pytestmark = pytest.mark.peer
NAMES = [f"box{number}" for number in range(12)]
LOOK_BACK = timedelta(days=30)
GONE = Meaning(ReplyClass.GONE, Action.SUPPRESS, permanent=True)
_boxes = iter(NAMES)
_numbers = count(1)


@pytest.fixture(scope="module")
def dovecot(certificates: Certificates) -> Iterator[Dovecot]:
    """One server for this file; each test has a mailbox of its own."""
    with running_dovecot(certificates, *NAMES) as server:
        yield server


@pytest.fixture
def box() -> str:
    return next(_boxes)


def put(dovecot: Dovecot, box: str, text: str) -> str:
    """Put a mail into the mailbox and return its file; text with "bounce" is taken for understood below."""
    file = f"{next(_numbers)}.test"
    put_mail(
        dovecot,
        box,
        file,
        f"From: a@b.example\nSubject: {text}\nDate: Mon, 23 Nov 2026 00:00:00 +0000\n\n{text}\n".encode(),
    )
    return file


def take(seen: list[str]) -> "object":
    """What takes in mail for these tests: a bounce is about delivery 1, the rest is not understood."""

    def taking(mails: Sequence[ArrivedMail]) -> list[ReturnedMail]:
        taken = []
        for one in mails:
            text = one.raw.split(b"\r\n\r\n", 1)[1].decode().strip()
            seen.append(text)
            about = 1 if text.startswith("bounce") else None
            report = Report(
                ReportKind.BOUNCE if about else ReportKind.OTHER, (ReportedRecipient("x@y.example", "", "", GONE),)
            )
            taken.append(ReturnedMail(one.source, report, about, True, False))
        return taken

    return taking


def now() -> datetime:
    return datetime.now(UTC)


def read(dovecot: Dovecot, certificates: Certificates, box: str, store: Store, **more: object) -> list[str]:
    seen: list[str] = []
    config = bounces_config(dovecot, certificates, box, **more)
    with open_mailbox(config, PASSWORD) as mailbox:
        read_new(mailbox, store, take(seen), now(), LOOK_BACK)  # type: ignore[arg-type]
    return seen


def test_new_mail_is_read_once_and_only_what_was_understood_is_marked(
    dovecot: Dovecot, certificates: Certificates, box: str, store: Store
) -> None:
    understood, other = put(dovecot, box, "bounce 1"), put(dovecot, box, "who knows")
    assert read(dovecot, certificates, box, store) == ["bounce 1", "who knows"]
    assert flags_of(dovecot, box) == {understood: "S", other: ""}, "the rest is as it was, unread"
    assert read(dovecot, certificates, box, store) == []
    put(dovecot, box, "bounce 2")
    assert read(dovecot, certificates, box, store) == ["bounce 2"]


def test_what_was_understood_moves_to_a_folder_with_a_chinese_name(
    dovecot: Dovecot, certificates: Certificates, box: str, store: Store
) -> None:
    moved, other = put(dovecot, box, "bounce"), put(dovecot, box, "who knows")
    read(dovecot, certificates, box, store, done_folder="已处理退信")
    assert list(flags_of(dovecot, box)) == [other]
    (folder,) = (path.name for path in (dovecot.home / "mail" / box).iterdir() if path.name.startswith(".&"))
    assert list(flags_of(dovecot, box, folder).values()) == ["S"]
    assert moved not in flags_of(dovecot, box)
    assert read(dovecot, certificates, box, store, folder="已处理退信") == ["bounce"], "and may be read by its name"


def test_another_uidvalidity_reads_everything_anew(
    dovecot: Dovecot, certificates: Certificates, box: str, store: Store
) -> None:
    put(dovecot, box, "bounce 1")
    assert read(dovecot, certificates, box, store) == ["bounce 1"]
    (uids,) = (dovecot.home / "mail" / box).glob("dovecot-uidlist")
    head, _line, rest = uids.read_text().partition("\n")
    fields = [f"V{int(one[1:]) + 1}" if one.startswith("V") else one for one in head.split(" ")]
    for index in (dovecot.home / "mail" / box).glob("dovecot.index*"):
        index.unlink()
    uids.write_text(" ".join(fields) + "\n" + rest)
    assert read(dovecot, certificates, box, store) == ["bounce 1"], "by what it is, not by its number, it counts once"


def test_a_huge_mail_is_read_to_its_first_megabyte(
    dovecot: Dovecot, certificates: Certificates, box: str, store: Store
) -> None:
    put_mail(dovecot, box, "huge.test", b"Subject: big\n\n" + b"x" * 70 * 30_000 + b"\n")
    arrived: list[ArrivedMail] = []

    def keep(mails: Sequence[ArrivedMail]) -> list[ReturnedMail]:
        arrived.extend(mails)
        return [ReturnedMail(one.source, Report(ReportKind.OTHER, ()), None, False, False) for one in mails]

    with open_mailbox(bounces_config(dovecot, certificates, box), PASSWORD) as mailbox:
        read_new(mailbox, store, keep, now(), LOOK_BACK)
    (one,) = arrived
    assert (len(one.raw), one.whole) == (1024 * 1024, False)


def test_a_wrong_password_or_an_untrusted_certificate_is_said_with_its_cure(
    dovecot: Dovecot, certificates: Certificates, box: str
) -> None:
    with pytest.raises(MailboxError, match="refuses the login") as refused:
        open_mailbox(bounces_config(dovecot, certificates, box), "guessed").__enter__()
    assert "授权码" in refused.value.cure
    assert "guessed" not in str(refused.value)
    with pytest.raises(MailboxError, match="certificate"):
        open_mailbox(bounces_config(dovecot, certificates, box, imap_ca_file=""), PASSWORD).__enter__()
    with pytest.raises(MailboxError, match="cannot be read"):
        open_mailbox(bounces_config(dovecot, certificates, box, folder="No such"), PASSWORD).__enter__()


def watched(
    dovecot: Dovecot, certificates: Certificates, box: str, store: Store, seen: list[str], **more: object
) -> MailboxWatch:
    config = bounces_config(dovecot, certificates, box, **more)
    return MailboxWatch(
        lambda: config,
        lambda: open_mailbox(config, PASSWORD),
        lambda mailbox: read_new(mailbox, store, take(seen), now(), LOOK_BACK),  # type: ignore[arg-type]
        lambda: None,
    )


def wait_for(true: "object", seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_the_server_says_when_mail_comes_and_a_cut_connection_is_made_anew(
    dovecot: Dovecot, certificates: Certificates, box: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "FIRST_WAIT_S", 0.2)
    seen: list[str] = []
    deliver(dovecot, box, "bounce 1")
    watch = watched(dovecot, certificates, box, store, seen, poll_every="1h")
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        wait_for(lambda: seen == ["bounce 1"])
        deliver(dovecot, box, "bounce 2")
        wait_for(lambda: seen[-1] == "bounce 2")  # long before the hour is over
        opened = watch._box
        assert opened is not None
        opened.interrupt()  # as a router does
        wait_for(lambda: watch._box not in (None, opened))
        deliver(dovecot, box, "bounce 3")
        wait_for(lambda: seen[-1] == "bounce 3")  # what was cut off in between may have been read twice
    finally:
        watch.stop()
        thread.join(10)
    assert not thread.is_alive(), "a stop waits for no server"


def test_mail_that_comes_in_the_moment_of_idle_is_told_all_the_same(
    dovecot: Dovecot, certificates: Certificates, box: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_mailbox(bounces_config(dovecot, certificates, box), PASSWORD) as mailbox:
        client = mailbox._client
        select = client.select_folder

        def select_then_mail(*args: object) -> object:
            selected = select(*args)
            deliver(dovecot, box, "bounce")  # told with the first line of IDLE's answer, so in the same read
            return selected

        monkeypatch.setattr(client, "select_folder", select_then_mail)
        assert mailbox.wait_for_mail(30, threading.Event())


def test_a_maildir_that_is_not_there_is_told_of_once_and_keeps_nobody_from_the_mailbox(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "FIRST_WAIT_S", 0.02)
    asked = list[str]()

    def open_box() -> NoReturn:
        asked.append("the mailbox")
        raise MailboxError("no mailbox")

    config = BouncesConfig(imap_host="imap.example", imap_username="a", imap_password_file="b", maildir="absent")
    watch = MailboxWatch(lambda: config, open_box, lambda _box: None, lambda: list(unseen_mail(tmp_path / "absent")))

    def run() -> None:
        use_language("en")  # a thread does not inherit it
        watch.run()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        wait_for(lambda: len(asked) >= 2)
    finally:
        watch.stop()
        thread.join(10)
    (told,) = [record.message for record in caplog.records if "absent" in record.message]
    assert "bounces.maildir: there is no such folder; have the mail server deliver into it" in told
