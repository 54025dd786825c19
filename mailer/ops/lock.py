"""Locks on var/: one `serve` and one sender a folder. The home of filelock."""

from pathlib import Path

from filelock import FileLock, Timeout

from mailer.errors import StateError


class FolderLock:
    """A lock that the system frees when its process ends, however it ends."""

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FileLock(str(file), timeout=0)

    def take(self, wait_s: float = 0.0) -> bool:
        """Take the lock; False when another process has it for longer than `wait_s` seconds."""
        try:
            self._lock.acquire(timeout=wait_s)
        except Timeout:
            return False
        return True

    def require(self, message: str, cure: str) -> None:
        """Take the lock. Raises StateError with this message when another process has it."""
        if not self.take():
            raise StateError(message, cure=cure)

    def free(self) -> None:
        """Give the lock back."""
        self._lock.release()
