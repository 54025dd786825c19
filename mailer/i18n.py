"""Says every sentence a user sees in the user's language.

The code speaks English; locale/ holds the catalogues. The language comes from the newsletter's config, then from the
environment. A leaf of the import graph: every room may use it.
"""

import gettext as _gettext
import os
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path

DOMAIN = "mailer"
LOCALES = Path(__file__).parent / "locale"
LANGUAGES = ("zh_CN", "en")
DEFAULT_LANGUAGE = "zh_CN"

_catalogues: dict[str, _gettext.NullTranslations] = {}
_language: ContextVar[str] = ContextVar("language", default=DEFAULT_LANGUAGE)


def pick_language(configured: str = "", environ: Mapping[str, str] = os.environ) -> str:
    """Return one of LANGUAGES: the configured one, else the environment's, else zh_CN.

    LANGUAGE, LC_ALL, LC_MESSAGES and LANG are asked in gettext's order; "C" and "POSIX" name no language.
    A language we do not speak falls to English.
    """
    names = [configured] if configured else []
    names += environ.get("LANGUAGE", "").split(":")
    names += [environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG")]
    for name in names:
        plain = name.split(".")[0].split("@")[0].replace("-", "_")
        if plain in ("", "C", "POSIX"):
            continue
        return "zh_CN" if plain.lower().startswith("zh") else "en"
    return DEFAULT_LANGUAGE


def use_language(name: str) -> None:
    """Speak this language from now on in this context (thread, task); a web request may set its own."""
    _language.set(name if name in LANGUAGES else "en")


def use_language_of_libraries(name: str) -> None:
    """Let libraries that use gettext's global catalogue (Typer's help) find their words in ours, process-wide."""
    os.environ["LANGUAGE"] = name
    _gettext.bindtextdomain(DOMAIN, LOCALES)
    _gettext.textdomain(DOMAIN)


def current_language() -> str:
    """Return the language spoken in this context, one of LANGUAGES."""
    return _language.get()


def _catalogue(name: str = "") -> _gettext.NullTranslations:
    name = name or _language.get()
    if name not in _catalogues:
        _catalogues[name] = _gettext.translation(DOMAIN, LOCALES, languages=[name], fallback=True)
    return _catalogues[name]


class Sentence(str):
    """A sentence in the language it was said in, which remembers its message and what was filled in.

    So a door to the house may say the same in words of its own (`mailer/web/console/cures.py`). What is joined or cut
    from it is a plain string.
    """

    message: str
    values: Mapping[str, object]

    def __new__(cls, text: str, message: str = "", values: Mapping[str, object] | None = None) -> "Sentence":
        """Keep the message beside the text."""
        made = super().__new__(cls, text)
        made.message, made.values = message, values or {}
        return made

    def format(self, *args: object, **values: object) -> "Sentence":
        """Fill in, as str does."""
        return Sentence(super().format(*args, **values), self.message, values)


def _(message: str) -> str:
    """Return the message in the current language, as a `Sentence`; the English itself where the catalogue lacks it."""
    return Sentence(_catalogue().gettext(message), message)


def say_in(language: str, message: str) -> str:
    """Return the message in one of LANGUAGES, whatever is spoken here; the English itself where it is lacking."""
    return _catalogue(language).gettext(message) if message else ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """Return the form that fits the count, in the current language."""
    return _catalogue().ngettext(singular, plural, count)


def N_(message: str) -> str:  # noqa: N802 - the name xgettext knows
    """Mark a message for the catalogue without translating it now (constants, tables)."""
    return message
