"""What a login is proved with: a password, or an access token that a command of the operator prints."""

import asyncio
import contextlib
import shlex

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


async def _run(command: str) -> str:
    try:
        words = shlex.split(command)
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except (OSError, ValueError, IndexError) as error:
        why = getattr(error, "strerror", None) or _("it is empty or its quotes do not match")
        raise CredentialsError(_("token_command cannot be run: {why}").format(why=why)) from None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(LONGEST_COMMAND_S):
            printed = await process.stdout.read(LONGEST_TOKEN)
            status = await process.wait()
    except TimeoutError:
        raise CredentialsError(_("token_command took more than {n:g} seconds").format(n=LONGEST_COMMAND_S)) from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    token = printed.decode("ascii", "replace").strip().partition("\n")[0].strip()
    if status != 0:
        raise CredentialsError(_("token_command failed with status {n}").format(n=status))
    if not token or not token.isascii() or not token.isprintable():
        raise CredentialsError(_("token_command printed no token"))
    return token
