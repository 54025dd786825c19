"""Place holders: what a new issue's folder holds where something is still to be written."""

import re

_MARKS = {"zh_CN": "【待填】", "en": "【TODO】"}
_ANY = re.compile(r"【\s*(?:待填|todo)\s*】", re.IGNORECASE)


def placeholder_mark(language: str) -> str:
    """Return the mark that is put where something is to be written, for editors who speak this language."""
    return _MARKS.get(language, _MARKS["en"])


def count_placeholders(text: str) -> int:
    """Return how many marks stand in a text, of any language."""
    return len(_ANY.findall(text))
