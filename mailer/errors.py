"""One tree of errors. Each says what is wrong, where (file, line, field), and the cure.

    MailerError
    ├── UsageError            the command was used wrongly; exit code 2
    ├── InputError            a file people made is wrong; exit code 1
    │   ├── ConfigError       config.toml
    │   ├── IssueError        issue.md, or a document being imported
    │   ├── SheetError        a contact sheet, or the staff's calendar
    │   ├── TemplateError     a template in templates/
    │   ├── AddressError      an e-mail address
    │   └── LimitError        a file whose work takes more time or memory than it may
    ├── StateError            the thing exists but is not in a state that allows this step
    │   ├── HouseHeldError    this house sends nothing until a person has looked: restored, cloned or moved
    │   └── RightError        the user lacks the right to this step, or is disabled
    ├── NotFoundError         no such issue, list, mailing, address
    ├── MailboxError          the mailbox of returned mail cannot be read
    ├── StoreError            the database cannot be opened, is locked, or is of another version
    │   └── EditionChangedError   a frozen edition is no longer what was approved
    └── ChildError            the child process failed at its work, by a fault of ours or of a library

A mail server's refusal is an outcome (model.outcome), not an exception. All of them can be pickled.
"""

from pathlib import Path
from typing import Self


class MailerError(Exception):
    """Base of all expected errors; `str()` is what the user reads.

    message: one sentence, already in the user's language. cure: what to do about it. file, line (from 1) and field say
    where; column is not kept, as editors work by line.
    """

    exit_code = 1

    def __init__(
        self,
        message: str,
        *,
        cure: str = "",
        file: Path | str | None = None,
        line: int | None = None,
        field: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.cure = cure
        self.file = file
        self.line = line
        self.field = field

    @property
    def place(self) -> str:
        """`file:line` as far as known, else empty."""
        if self.file is None:
            return ""
        return f"{self.file}:{self.line}" if self.line is not None else str(self.file)

    def tell_from(self, home: Path) -> Self:
        """Have the file named as it is from a house's folder, or by its name alone: what a page or a program is told.

        Where a house lies on its machine is nobody's business but of those who work on it.
        """
        path = Path(self.file) if self.file is not None else None
        if path is not None and path.is_absolute():
            self.file = path.relative_to(home) if path.is_relative_to(home) else path.name
        return self

    def __str__(self) -> str:
        parts = [part for part in (self.place, self.field) if part]
        return ": ".join([*parts, self.message])


class UsageError(MailerError):
    """The command was used wrongly."""

    exit_code = 2


class InputError(MailerError):
    """A file that people made is wrong; nothing was changed."""


class ConfigError(InputError):
    """config.toml has an unknown key or a wrong value."""


class IssueError(InputError):
    """An issue folder, or a document being imported, cannot be understood."""


class SheetError(InputError):
    """A contact sheet or the staff's calendar has a row that cannot be used."""


class TemplateError(InputError):
    """A template is missing or wrong."""


class AddressError(InputError):
    """This is not an e-mail address we can write to."""


class LimitError(InputError):
    """The work on this file took more time, memory or output than it may; nothing was changed."""


class StateError(MailerError):
    """The thing exists, but is not in a state that allows this step."""


class HouseHeldError(StateError):
    """The house was restored, cloned or moved, or that could not be told; a person must confirm it before it sends."""


class RightError(StateError):
    """The user has no role that gives the right to this step, or is disabled."""


class NotFoundError(MailerError):
    """There is no such issue, list, mailing or address."""


class MailboxError(MailerError):
    """The mailbox of returned mail cannot be reached, does not let us in, or does not answer as it should."""


class StoreError(MailerError):
    """The database cannot be used."""


class EditionChangedError(StoreError):
    """A frozen edition is no longer what was approved: its stored form does not fit its sha256."""


class ChildError(MailerError):
    """The work in the child process failed in a way nobody foresaw; `trace` is for the log, not for the user."""

    trace: str = ""
