"""Files of mails: one mail, mbox, Maildir, standard input; what cannot be read is said and the rest is read."""

import io
import mailbox
import os
import tracemalloc
from email.message import EmailMessage
from pathlib import Path

from mailer.i18n import use_language
from mailer.mail.reports import MAX_READ
from mailer.tracking.mail_files import FoundMail, read_mails

NOTHING = io.BytesIO()


def make_mail(number: int, body: str = "text\n") -> EmailMessage:
    mail = EmailMessage()
    mail["Subject"] = f"mail {number}"
    mail.set_content(body)
    return mail


def read(name: Path | str, given: bytes = b"") -> list[FoundMail]:
    return list(read_mails(str(name), io.BytesIO(given)))


def subjects(found: list[FoundMail]) -> list[str]:
    return [one.raw.partition(b"\n")[0].decode() for one in found]


def test_a_file_is_one_mail(tmp_path: Path) -> None:
    path = tmp_path / "one.eml"
    path.write_bytes(bytes(make_mail(1)))
    assert read(path) == [FoundMail(str(path), 1, bytes(make_mail(1)))]


def test_a_file_without_anything_in_it_is_told_as_such(tmp_path: Path) -> None:
    """Read as a mail it would only be one that nobody understands."""
    use_language("en")
    path = tmp_path / "one.eml"
    path.write_bytes(b"")
    for name in (str(path), "/dev/null", "-"):
        assert read(name) == [FoundMail(name, 1, b"", "it is empty")]
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1").write_bytes(b"")
    assert [one.error for one in read(tmp_path)] == ["it is empty"]


def test_what_the_system_says_is_said_in_the_users_language(tmp_path: Path) -> None:
    use_language("en")
    (gone,) = read(tmp_path / "gone.eml")
    (within,) = read(make_file(tmp_path) / "x.eml")
    assert (gone.error, within.error) == ("there is no such file or folder", "a part of its path is no folder")


def make_file(folder: Path) -> Path:
    path = folder / "a file"
    path.write_bytes(b"Subject: x\n")
    return path


def test_an_mbox_as_python_writes_it_gives_back_its_mails(tmp_path: Path) -> None:
    path = tmp_path / "box"
    box = mailbox.mbox(path)
    wanted = [bytes(make_mail(number)) for number in range(5)]
    for raw in wanted:
        box.add(raw)
    box.close()
    found = read(path)
    assert [one.raw for one in found] == wanted
    assert [(one.file, one.number) for one in found] == [(str(path), number) for number in range(1, 6)]
    assert os.listdir(tmp_path) == ["box"], "no index, no lock is left"


def test_quoted_separators_are_taken_back_and_lines_that_only_look_like_one_stay(tmp_path: Path) -> None:
    path = tmp_path / "box"
    path.write_bytes(
        b"From MAILER-DAEMON Fri Jul 31 10:00:00 2020\nSubject: a\n\n>From here on\n>>From there\n\n"
        b"From Monday 10:00 to 2020 it is closed\nand so on\n\n"
        b"From b@x.example Fri Jul 31 10:00:01 2020\nSubject: b\n\nsecond\n\n"
    )
    first, second = read(path)
    assert first.raw == (
        b"Subject: a\n\nFrom here on\n>From there\n\nFrom Monday 10:00 to 2020 it is closed\nand so on\n"
    )
    assert second.raw == b"Subject: b\n\nsecond\n"


def test_an_mbox_with_carriage_returns_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "box"
    one = b"From a@x.example Fri Jul 31 10:00:00 2020\r\nSubject: a\r\n\r\ntext\r\n\r\n"
    path.write_bytes(one * 3)
    assert [mail.raw for mail in read(path)] == [b"Subject: a\r\n\r\ntext\r\n"] * 3


def test_a_maildir_gives_what_is_new_and_what_is_not(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "md", create=True)
    box.add(make_mail(1))
    seen = mailbox.MaildirMessage(make_mail(2))
    seen.set_subdir("cur")
    seen.add_flag("S")
    box.add(seen)
    (tmp_path / "md" / "new" / ".hidden").write_text("no mail")
    before = sorted(path.name for path in (tmp_path / "md").rglob("*"))
    found = read(tmp_path / "md")
    assert subjects(found) == ["Subject: mail 1", "Subject: mail 2"]
    assert all(Path(one.file).is_file() for one in found)
    assert sorted(path.name for path in (tmp_path / "md").rglob("*")) == before, "nothing is marked or moved"


def test_standard_input_is_a_mail_or_an_mbox() -> None:
    assert read("-", bytes(make_mail(1))) == [FoundMail("-", 1, bytes(make_mail(1)))]
    separator = b"From a@x.example Fri Jul 31 10:00:00 2020\n"
    given = separator + bytes(make_mail(1)) + b"\n" + separator + bytes(make_mail(2)) + b"\n"
    assert subjects(read("-", given)) == ["Subject: mail 1", "Subject: mail 2"]


def test_a_pipe_is_read_to_its_end() -> None:
    given = io.BytesIO(b"Subject: a\n\n" + b"x" * 3 * MAX_READ)
    (one,) = read_mails("-", given)
    assert len(one.raw) == MAX_READ
    assert given.read() == b""


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    for name in (tmp_path / "absent", tmp_path / "plain", "a\x00b"):
        (one,) = read(name)
        assert one.error
        assert one.raw == b""
    (unnamed,) = read("")
    assert unnamed.error == "no file is named"


def test_a_huge_mbox_takes_no_memory_and_a_huge_mail_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "box"
    with path.open("wb") as stream:
        for number in range(12):
            stream.write(b"From a@x.example Fri Jul 31 10:00:00 2020\n")
            stream.write(b"Subject: mail %d\n\n" % number + b"x" * 76 * 30_000 + b"\n\n")
    tracemalloc.start()
    lengths = [len(mail.raw) for mail in read_mails(str(path), NOTHING)]
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert lengths == [MAX_READ] * 12
    assert peak < 6 * MAX_READ
