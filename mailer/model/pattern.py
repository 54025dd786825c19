"""Regular expressions of people, searched in the words of strangers: only such whose work has a bound are taken.

Python's `re` tries every way a pattern can match, and a pattern can have more ways than there is time for: `(a+)+$`
doubles its work with each letter, `.*.*.*` has a thousand million ways through a thousand characters. Nothing can stop
such a search once it runs, so the ways are counted before: a product over what follows one another, a sum over
alternatives. What cannot be counted so (a repeated group, a backreference) is refused.
"""

import re
import warnings

from mailer.i18n import N_, _

LONGEST_TEXT = 1000  # characters that are searched; mail.reply_lines cuts replies there
MOST_WAYS = 4000  # from one place of the text; `.*` alone has 1000. At worst some 40 ms a search
_LONGEST_PATTERN = 1000
_DEEPEST = 20
_REPEAT = re.compile(r"([*+?]|\{(\d*)(,?)(\d*)\})[?+]?")
_OPENINGS = ("?:", "?=", "?!", "?<=", "?<!")


class PatternError(ValueError):
    """A pattern that is not taken; `cure` says what to write instead."""

    def __init__(self, wrong: str, cure: str) -> None:
        super().__init__(wrong)
        self.cure = cure


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Return a pattern, case-blind, whose search in LONGEST_TEXT characters has a bound.

    Raises PatternError for what is no regular expression, matches everything, or may take too long.
    """
    if len(pattern) > _LONGEST_PATTERN:
        raise PatternError(
            _("the pattern is longer than {n} characters").format(n=_LONGEST_PATTERN), _("make several rules of it")
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a pattern that another Python will read otherwise
            # replies are searched in lower case, where a pattern without capitals needs no second look at each letter
            compiled = re.compile(pattern, 0 if pattern == pattern.lower() else re.IGNORECASE)
    except (re.error, RecursionError, OverflowError, Warning) as error:
        cure = _("write a regular expression as Python's re knows it, or plain phrases in `words`")
        raise PatternError(_("this is no regular expression: {why}").format(why=error), cure) from None
    if _Count(pattern).alternatives() > MOST_WAYS:
        raise PatternError(
            _("the pattern may take too long on some texts"),
            _("write limits: .{0,40} for .* and \\d{1,9} for \\d+"),
        )
    if compiled.search("") is not None:
        raise PatternError(_("the pattern matches every text"), _("write at least one word that must be there"))
    return compiled


class _Count:
    """Counts the ways a pattern that is known to compile can match from one place."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._at = 0
        self._depth = 0

    def alternatives(self) -> int:
        ways = self._sequence()
        while self._take("|"):
            ways += self._sequence()
        return ways

    def _sequence(self) -> int:
        ways = 1
        while self._at < len(self._pattern) and self._pattern[self._at] not in "|)":
            grouped, inner = self._item()
            ways *= self._repeated(grouped, inner)
            if ways > MOST_WAYS:
                self._at = len(self._pattern)
        return ways

    def _item(self) -> tuple[bool, int]:
        """Step over one character, class or group; return whether it was a group, and its ways."""
        if self._take("("):
            return True, self._group()
        if self._take("["):
            self._take("^")
            self._take("]")  # a bracket that stands first is meant as one
            while not self._take("]"):
                self._step()
            return False, 1
        if self._pattern.startswith("\\", self._at) and self._pattern[self._at + 1] in "123456789":
            raise _uncountable(N_("the pattern has a backreference, which takes too long on some texts"))
        self._step()
        return False, 1

    def _group(self) -> int:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _uncountable(N_("the pattern has groups too deep within each other"))
        if self._pattern.startswith("?", self._at):
            opening = next((one for one in _OPENINGS if self._pattern.startswith(one, self._at)), None)
            if opening is None:
                raise _uncountable(
                    N_("the pattern has a special group; only (?:…) and looks ahead and behind are taken")
                )
            self._at += len(opening)
        ways = self.alternatives()
        self._take(")")
        self._depth -= 1
        return ways

    def _repeated(self, grouped: bool, inner: int) -> int:
        match = _REPEAT.match(self._pattern, self._at)
        if match is None or match[1] == "{,}" or match[1] == "{}":
            return inner
        self._at = match.end()
        if match[1] == "?":
            return inner + 1
        least, most = {"*": (0, LONGEST_TEXT), "+": (1, LONGEST_TEXT)}.get(match[1], (0, 0))
        if match[1].startswith("{"):
            least = int(match[2] or 0)
            most = int(match[4] or LONGEST_TEXT) if match[3] else least
        if grouped:
            raise _uncountable(N_("the pattern repeats a group, which takes too long on some texts"))
        return max(most - least, 0) + 1

    def _step(self) -> None:
        self._at += 2 if self._pattern.startswith("\\", self._at) else 1

    def _take(self, text: str) -> bool:
        found = self._pattern.startswith(text, self._at)
        self._at += len(text) if found else 0
        return found


def _uncountable(wrong: str) -> PatternError:
    return PatternError(_(wrong), _("write the words out in `words`, or repeat single characters and classes only"))
