"""The log on stderr: lines for people or JSON for machines, with addresses masked by choice.

It is set up before the settings are read as a whole: what is wrong in them is said later, and not by the log.
"""

import json
import logging
import re
import sys
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

LEVELS = {"error": logging.ERROR, "warning": logging.WARNING, "info": logging.INFO}
FIELDS = ("mailing", "delivery", "attempt", "relay", "outcome")  # what a line may be about, given as `extra`
TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
# wider than what is an address, so that none slips through; of bounded length, as a reply may be long
_ADDRESS = re.compile(
    r"[^\s@＠<>\",;:()\[\]，；：（）《》“”]{1,128}[@＠][^\s@＠<>\"',;:()\[\]{}，；：（）《》“”]{1,255}"
)


class LogStream(logging.StreamHandler[TextIO]):
    """Writes to what stderr is at the moment: above a live view, where one is drawn."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        self.stream = sys.stderr
        super().emit(record)


class TextLine(logging.Formatter):
    """A line for people."""

    def __init__(self, *, masked: bool) -> None:
        super().__init__(TEXT)
        self._masked = masked

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and below it the trace of an error."""
        line = super().format(record)
        return mask_addresses(line) if self._masked else line


class JsonLine(logging.Formatter):
    """One JSON object a line: time (UTC, ISO 8601), level, logger, message, what it is about, and an error's trace."""

    def __init__(self, *, masked: bool) -> None:
        super().__init__()
        self._masked = masked

    def format(self, record: logging.LogRecord) -> str:
        """Return the object on one line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {
            "time": at,
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._mask(record.getMessage()),
        }
        told |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            told["error"] = self._mask(self.formatException(record.exc_info))
        return json.dumps(told, ensure_ascii=False, default=str)

    def _mask(self, text: str) -> str:
        return mask_addresses(text) if self._masked else text


def mask_addresses(text: str) -> str:
    """Return a text in which addresses cannot be read: `reader@firm.example` is `r***r@firm.example`."""
    if "@" not in text and "＠" not in text:
        return text
    from mailer.model.address import mask_address  # its library is slow to load, and most lines name nobody

    return _ADDRESS.sub(lambda found: mask_address(found[0].replace("＠", "@")), text)


def read_log_settings(home: Path) -> Mapping[str, Any]:
    """Return the [log] table of a folder's settings as it is written; empty where they cannot be read."""
    try:
        table = tomllib.loads((home / "config.toml").read_text("utf-8-sig")).get("log", {})
    except (OSError, ValueError):
        return {}
    return table if isinstance(table, dict) else {}


def set_up_log(settings: Mapping[str, Any]) -> None:
    """Have the log written as a [log] table says; a value that is none of ours counts as its default."""
    masked = settings.get("mask_addresses", True) is not False
    handler = LogStream(sys.stderr)
    handler.setFormatter(JsonLine(masked=masked) if settings.get("format") == "json" else TextLine(masked=masked))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    # libraries would say at this level what they are asked, addresses of readers among it
    level = settings.get("level")
    logging.getLogger("mailer").setLevel(
        LEVELS.get(level, logging.WARNING) if isinstance(level, str) else logging.WARNING
    )
