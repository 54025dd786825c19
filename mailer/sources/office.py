"""Reads documents of older office programs (.doc, .wps, .rtf) by letting LibreOffice turn them into .docx first."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.sources.document_kind import Kind, find_kind, not_word
from mailer.sources.pieces import ReadDocument
from mailer.sources.text_file import read_file_bytes
from mailer.sources.web_page import read_web_page_bytes
from mailer.sources.word import read_word_bytes
from mailer.sources.word.archive import MAX_BYTES, open_archive

TIMEOUT = 60.0  # seconds; a first start takes some 5, a document 1
_PLACES = (
    "soffice",
    "libreoffice",
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
)
_COMMAND = (
    "--headless", "--invisible", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard", "--nologo",
)  # fmt: skip
# no macros, no links followed, and a proxy at a port where nobody is for whatever still tries to
_SETTINGS = """\
<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
{items}</oor:items>
"""
_ITEMS = (
    ("org.openoffice.Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("org.openoffice.Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("org.openoffice.Inet/Settings", "ooInetProxyType", "2"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("org.openoffice.Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)


def read_office(file: Path) -> ReadDocument:
    """Return the pieces, pictures and remarks of an office document, by what it is and not by its suffix.

    A .doc that is a .docx or a web page in truth is read as that. Raises IssueError, with the cure, where LibreOffice
    is needed and not installed, takes longer than a minute, or cannot read the document.
    """
    content = read_file_bytes(file, limit=MAX_BYTES)
    kind = find_kind(content)
    match kind:
        case Kind.ZIP:
            return read_word_bytes(content, file=file)
        case Kind.HTML:
            return read_web_page_bytes(content, file=file)
        case Kind.ODT:
            open_archive(content, file=file)  # its size is looked at before LibreOffice unpacks it
            return read_word_bytes(convert_document(content, kind, file=file), file=file)
        case Kind.OLE | Kind.RTF:
            return read_word_bytes(convert_document(content, kind, file=file), file=file)
    raise not_word(kind, file)


def find_office() -> str | None:
    """Return the path of LibreOffice's program, None where it is not installed."""
    return next((found for place in _PLACES if (found := shutil.which(place))), None)


def convert_document(content: bytes, kind: Kind, *, file: Path, timeout: float = TIMEOUT) -> bytes:
    """Return a document as .docx, made by LibreOffice in a folder of its own that is gone afterwards.

    It runs without macros and cannot reach the network through its settings; when the time (in seconds) is up, it and
    all it started are killed. Raises IssueError as read_office says; `file` is only named.
    """
    program = find_office()
    if program is None:
        raise IssueError(
            _("can only be read through LibreOffice, which is not installed"),
            file=file,
            cure=_("install LibreOffice, or open the document in Word or WPS and save it as .docx"),
        )
    with tempfile.TemporaryDirectory(prefix="mailer-office-") as name:
        folder = Path(name)
        source = folder / f"document.{kind if kind in (Kind.RTF, Kind.ODT) else 'doc'}"
        source.write_bytes(content)
        _write_settings(folder / "profile")
        command = [
            *_killer(timeout), program, f"-env:UserInstallation={(folder / 'profile').as_uri()}", *_COMMAND,
            "--convert-to", "docx:MS Word 2007 XML", "--outdir", str(folder / "made"), str(source),
        ]  # fmt: skip
        said = _run(command, folder, timeout, file)
        made = folder / "made" / "document.docx"
        if not made.is_file():
            raise _cannot(file, said)
        return read_file_bytes(made, limit=MAX_BYTES)


def _killer(timeout: float) -> list[str]:
    """Return a command that ends LibreOffice in its time even when we are killed first; none where it is missing."""
    found = shutil.which("timeout")
    return [found, "--signal=KILL", str(timeout + 5)] if found else []


def _run(command: list[str], folder: Path, timeout: float, file: Path) -> str:
    """Run a program with nothing of our environment but where programs are; return what it said."""
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "http_proxy": "http://127.0.0.1:9",
        "https_proxy": "http://127.0.0.1:9",
    }
    with _started(command, folder, environment, file) as process:
        try:
            said, _none = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            raise IssueError(
                _("LibreOffice was not done with it after {n} seconds").format(n=round(timeout)),
                file=file,
                cure=_("open the document in Word or WPS and save it as .docx"),
            ) from None
    return said.decode("utf-8", "replace")


@contextmanager
def _started(
    command: list[str], folder: Path, environment: dict[str, str], file: Path
) -> Iterator[subprocess.Popen[bytes]]:
    try:
        process = subprocess.Popen(  # noqa: S603 - the program is LibreOffice's own, the arguments are ours
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise _cannot(file, str(error)) from None
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)  # soffice is a script that starts others
        process.wait()
        if process.stdout:
            process.stdout.close()


def _write_settings(profile: Path) -> None:
    items = "".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>\n'
        for path, name, value in _ITEMS
    )
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_SETTINGS.format(items=items), "utf-8")


def _cannot(file: Path, said: str) -> IssueError:
    lines = [line.strip() for line in said.splitlines() if line.strip().lower().startswith(("error", "failed"))]
    return IssueError(
        _("cannot be read by LibreOffice: {why}").format(why=lines[0][:120])
        if lines
        else _("cannot be read by LibreOffice"),
        file=file,
        cure=_("open the document in Word or WPS and save it as .docx"),
    )
