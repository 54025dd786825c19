"""Where the command `mailer` starts: the language is settled before any help text is read."""

import gc
import io
import os
import sys
import tomllib
from pathlib import Path

from mailer.cli.logs import read_log_settings, set_up_log
from mailer.i18n import pick_language, use_language, use_language_of_libraries


def home_from(arguments: list[str], environ: dict[str, str]) -> Path:
    """Return the newsletter folder that -C DIR, MAILER_HOME or the current folder names."""
    for index, word in enumerate(arguments):
        if word in ("-C", "--home") and index + 1 < len(arguments):
            return Path(arguments[index + 1])
        if word.startswith("--home="):
            return Path(word.removeprefix("--home="))
    return Path(environ.get("MAILER_HOME") or ".")


def configured_language(home: Path) -> str:
    """Return `language` of the folder's config.toml, empty where it cannot be read: that error is said later."""
    try:
        language = tomllib.loads((home / "config.toml").read_text("utf-8-sig")).get("language", "")
    except (OSError, ValueError):
        return ""
    return language if isinstance(language, str) else ""


# objects; at Python's own 700 the collector takes a fifth of an import's time, and finds nothing
GARBAGE_AFTER = 10_000


def main() -> None:
    """Run the command line; exit code 0 done, 1 failed, 2 wrong use."""
    gc.set_threshold(GARBAGE_AFTER)
    home = home_from(sys.argv[1:], dict(os.environ))
    language = pick_language(configured_language(home))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal that lacks a character shows its number instead
            stream.reconfigure(errors="backslashreplace")
    use_language(language)
    use_language_of_libraries(language)
    set_up_log(read_log_settings(home))
    try:
        # Typer reads help texts when commands are declared, so they are declared only now
        from mailer.cli.commands import app

        app()
    except KeyboardInterrupt:  # while libraries are loaded, too
        sys.exit(130)


if __name__ == "__main__":
    main()
