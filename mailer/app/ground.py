"""What a house stands on: its folder, settings, database, secret, identity and locks."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache, cached_property
from pathlib import Path

from mailer.child import Child
from mailer.config import FILE_NAME, Config, line_of, load_config
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.mail.replies import ReplyRules, load_rules
from mailer.ops.identity import Identity
from mailer.ops.lock import FolderLock
from mailer.ops.witness import state_folder
from mailer.scheduling.calendar import WorkingCalendar, working_calendar
from mailer.scheduling.due import schedule_rule
from mailer.sources.calendar_sheet import CalendarFile
from mailer.store.database import Store, open_store
from mailer.store.house import claim_house, known_fingerprint
from mailer.tokens import HouseSecret, fingerprint_secret, load_secret

CALENDAR = "calendar.csv"  # the staff's own table of working days, where the settings name no other
# what a child has imported before its first job; WeasyPrint comes when it is needed, as it takes long and much
PRELOAD = (
    "mailer.rendering.edition",
    "mailer.rendering.page",
    "mailer.rendering.wechat",
    "mailer.sources.import_file",
    "mailer.sources.web_page",
    "mailer.sources.workbook",
    "mailer.sources.word",
)

DEMO_MARK = ".mailer-demo"  # a folder with it was made by the demo and may be made anew


@cache
def _make_child() -> Child:
    return Child(PRELOAD)


def utc_now() -> datetime:
    """The time of this machine, aware UTC."""
    return datetime.now(UTC)


class Ground:
    """A newsletter folder; what stands in it is opened when first asked for."""

    def __init__(self, home: Path, now: Callable[[], datetime] = utc_now) -> None:
        self.home = home
        self.now = now
        self._calendar_file = CalendarFile()

    @cached_property
    def config(self) -> Config:
        """The settings. Raises ConfigError."""
        config = load_config(self.home)
        for name, schedule in config.schedule.items():
            try:
                schedule_rule(schedule, name)  # a rule that cannot be understood is said now, not at its time
            except ConfigError as error:
                self._place(error)
                raise
        return config

    @property
    def working_days(self) -> WorkingCalendar:
        """The working days by the country's calendar and the staff's table over it, as the table is now.

        Raises SheetError where the table has a wrong row, ConfigError where the settings name one that is not there,
        or a country whose working days are not known.
        """
        config = self.config
        file = self.home / (config.calendar or CALENDAR)
        try:
            if config.calendar and not file.exists():
                wrong = _("there is no file {file}").format(file=config.calendar)
                cure = _("correct its path, or take the key out")
                raise ConfigError(wrong, field="calendar", cure=cure)
            return working_calendar(config.country, self._calendar_file.read(file))
        except ConfigError as error:
            self._place(error)
            raise

    def _place(self, error: ConfigError) -> None:
        """Say where in the settings an error lies, by its field."""
        error.file = self.home / FILE_NAME
        error.line = line_of(error.file.read_text("utf-8-sig"), tuple((error.field or "").split(".")))

    @property
    def reply_rules(self) -> ReplyRules:
        """What replies mean here: the settings' rules, then the program's. Raises ConfigError."""
        return load_rules(self.config.replies.rules)

    @cached_property
    def store(self) -> Store:
        """The database, migrated. Raises StoreError when it was made with another house secret."""
        store = open_store(self.config.database, self.var / "mailer.db")
        fingerprint = fingerprint_secret(self.secret)
        with store.read() as connection:
            known = known_fingerprint(connection)
        if known != fingerprint:
            with store.write() as connection:
                claim_house(connection, fingerprint)
        return store

    @cached_property
    def identity(self) -> Identity:
        """Which house this is, and whether it may send here. Raises StateError for an account without a home."""
        return Identity(lambda: self.store, self._reopen_if_replaced, self.home, self.state_folder, self.now)

    @property
    def state_folder(self) -> Path:
        """The folder of what this machine remembers; a demo, which is made anew each time, has its own."""
        return (self.var / "state") if (self.home / DEMO_MARK).is_file() else state_folder(os.environ)

    def _reopen_if_replaced(self) -> bool:
        """Open the database anew if its file was replaced or removed under us; return whether it was."""
        if "store" not in self.__dict__ or not self.store.is_replaced:
            return False
        if (self.var / "mailer.db").exists():  # else it is about to be put back, and must not be made new in between
            replaced: Store = self.__dict__.pop("store")
            replaced.close()
        return True

    @property
    def has_database(self) -> bool:
        """False in a folder whose database nobody has opened yet: looking at it would make it."""
        return bool(self.config.database) or (self.var / "mailer.db").exists()

    @property
    def is_at_hand(self) -> bool:
        """True when the database is open or a file that is there: looking makes nothing and waits for no server."""
        return "store" in self.__dict__ or (not self.config.database and self.has_database)

    @cached_property
    def secret(self) -> HouseSecret:
        """The house secret, made at first use."""
        return load_secret(self.var / "secret.json")

    @property
    def child(self) -> Child:
        """The process in which documents are read and templates run, started when first asked for.

        It holds nothing of a folder, so all houses of this process share it, and it ends with this process: its start
        takes as long as a dozen renderings.
        """
        return _make_child()

    @property
    def var(self) -> Path:
        """The folder of what runs make."""
        return self.home / "var"

    @property
    def templates(self) -> Path:
        """The folder of templates."""
        return self.home / "templates"

    def refresh(self) -> None:
        """Forget the settings, so that they are read anew when next asked for."""
        self.__dict__.pop("config", None)

    def open(self) -> None:
        """Open the database and the secret now, rather than when first asked for."""
        _store, _secret = self.store, self.secret

    def close(self) -> None:
        """Close the database if it was opened."""
        if "store" in self.__dict__:
            self.store.close()

    def lock(self, name: str) -> FolderLock:
        """Return a lock of this folder: `serve` or `sender`."""
        return FolderLock(self.var / f"{name}.lock")
