"""What a login is proved with: a password, or an access token that a command of the operator prints."""

import asyncio
import contextlib
import os
import shlex
import signal

from mailer.i18n import _

LONGEST_COMMAND_S = 30.0
LONGEST_TOKEN = 16 * 1024


class CredentialsError(Exception):
    """The token is not to be had; `text` says why, without anything the command printed."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


class Credentials:
    """The password of a relay, or its tokens. Never shown: repr says only which kind it is."""

    def __init__(self, password: str = "", token_command: str = "") -> None:
        self._password = password
        self._token_command = token_command
        self._token = ""
        self._fetching = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Credentials({'token_command' if self._token_command else 'password'})"

    async def fetch(self, refused: str = "") -> str:
        """Return the password or a token; the token that was refused is not given again. Raises CredentialsError.

        The command runs without a shell, one at a time for all connections; its first line is the token.
        """
        if not self._token_command:
            return self._password
        async with self._fetching:
            if not self._token or self._token == refused:
                self._token = await _run(self._token_command)
            return self._token


async def _read_all(process: asyncio.subprocess.Process) -> bytes:
    """Return all that a command prints, which may come in pieces; raises CredentialsError when it is too much."""
    assert process.stdout is not None
    printed = b""
    while piece := await process.stdout.read(LONGEST_TOKEN):
        printed += piece
        if len(printed) > LONGEST_TOKEN:
            raise CredentialsError(_("token_command printed no token"))
    return printed


async def _run(command: str) -> str:
    try:
        words = shlex.split(command)
        process = await asyncio.create_subprocess_exec(
            words[0],
            *words[1:],
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError, IndexError) as error:
        why = getattr(error, "strerror", None) or _("it is empty or its quotes do not match")
        raise CredentialsError(_("token_command cannot be run: {why}").format(why=why)) from None
    done = False
    try:
        async with asyncio.timeout(LONGEST_COMMAND_S):
            printed = await _read_all(process)
            status = await process.wait()
            done = True
    except TimeoutError:
        raise CredentialsError(_("token_command took more than {n:g} seconds").format(n=LONGEST_COMMAND_S)) from None
    finally:
        if not done:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # what it started, too: that may hold the pipe open
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await process.communicate()  # what is left in the pipe, else it stays open
    token = printed.decode("ascii", "replace").strip().partition("\n")[0].strip()
    if status != 0:
        raise CredentialsError(_("token_command failed with status {n}").format(n=status))
    if not token or not token.isascii() or not token.isprintable():
        raise CredentialsError(_("token_command printed no token"))
    return token
