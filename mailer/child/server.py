"""The parent's side of the fork server: one idle process that has the slow imports done and forks workers on demand.

multiprocessing's own fork server runs the console script anew in every child (1.7 s of imports of ours), and offers no
way to kill what it forked without a race. This one is told by a socket, and is the only one that kills and reaps.
"""

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from mailer.child.frames import receive_frame, send_frame

START_SECONDS = 60.0  # for imports on a cold disk
_OWN_FOLDER = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
# no password of a relay and no token of the web goes to where foreign documents are read
_ENVIRONMENT = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "TZ", "LANG", "LANGUAGE", "SOURCE_DATE_EPOCH")
_ENVIRONMENT_PREFIXES = ("LC_", "PYTHON", "XDG_", "FONTCONFIG_", "LD_LIBRARY_", "DYLD_")


class ServerLostError(Exception):
    """The fork server is gone or could not start; the text says why."""


class Server:
    """A running fork server and its worker, of which there is at most one; see worker.serve for the other side."""

    def __init__(self, preload: Sequence[str]) -> None:
        self.ready = False
        self._channel: socket.socket | None = None  # to the worker, if there is one
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the server
        self._control, theirs = socket.socketpair()
        path = [os.path.abspath(part) for part in sys.path] + [_OWN_FOLDER]
        code = f"import sys; sys.path[:] = {path!r}; from mailer.child.worker import serve; serve({theirs.fileno()})"
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in _ENVIRONMENT or name.startswith(_ENVIRONMENT_PREFIXES)
        }
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code
                [sys.executable, "-P", "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=self._stderr,
                stderr=self._stderr,
                pass_fds=(theirs.fileno(),),
                env=environment,
                start_new_session=True,  # the terminal's Ctrl-C is for the parent
            )
        finally:
            theirs.close()
        self._control.settimeout(START_SECONDS)
        try:
            send_frame(self._control, "\n".join(preload).encode())
        except OSError:
            raise ServerLostError(self.complaint()) from None

    def fork(self) -> tuple[int, socket.socket]:
        """Return a new worker's process id and the channel to it; ServerLostError when the server is gone."""
        if not self.ready:
            self._answer()
            self.ready = True
        ours, theirs = socket.socketpair()
        try:
            self._stderr.truncate(0)
            socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            pid = int(self._answer())
        except (OSError, ServerLostError, ValueError) as error:
            ours.close()
            raise ServerLostError(str(error)) from None
        finally:
            theirs.close()
        self._channel = ours
        return pid, ours

    def reap(self) -> int:
        """Kill the worker and all it started; return how it ended, as waitpid tells, by itself if it already had."""
        if self._channel is None:
            return 0
        self._close_channel()
        try:
            self._control.sendall(b"k")
            return int(self._answer())
        except (OSError, ValueError) as error:
            raise ServerLostError(str(error)) from None

    def complaint(self) -> str:
        """Return the end of what worker and libraries wrote to stderr and stdout since the last fork."""
        end = self._stderr.seek(0, os.SEEK_END)
        self._stderr.seek(max(0, end - 8000))
        return self._stderr.read().decode("utf-8", "replace").replace("\0", "")

    def stop(self) -> None:
        """End the server and its worker."""
        self._close_channel()
        self._control.close()  # which it takes as the word to end
        try:
            self._process.wait(2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stderr.close()

    def abandon(self) -> None:
        """Forget a server that belongs to the process we were forked from."""
        self._close_channel()
        self._control.close()
        self._process.returncode = 0
        self._stderr.close()

    def _close_channel(self) -> None:
        if self._channel is not None:
            self._channel.close()
            self._channel = None

    def _answer(self) -> str:
        def give_up() -> None:
            raise ServerLostError("no answer")

        answer = receive_frame(self._control, give_up)
        if answer is None or answer.startswith(b"!"):
            raise ServerLostError((answer or b"")[1:].decode("utf-8", "replace") or self.complaint())
        return answer.decode()
