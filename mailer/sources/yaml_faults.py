"""What is wrong with YAML that cannot be read, in the words of who wrote it, and at the line where it was written."""

import re
from typing import NamedTuple

import yaml

from mailer.i18n import _

_COLON_IN_VALUE = re.compile(r"\s*(?:- )?[^\s\"'\[{][^:]*:[ \t]+[^\"'\[{].*:(?:\s|$)")
# a colon of the wrong width or without a blank is noticed only on the next line
_NO_COLON = re.compile(r"\s*(?:- )?[^\s\"'：:#-][^\s\"'：:#]{0,19}(?:：|:(?=[^\s/]))(?!.*: )")
_CHARACTER = re.compile(r"found character '(.+)' that cannot start any token")


class YamlFault(NamedTuple):
    """A fault. line: counted from 0; sentence and cure: in the user's language."""

    line: int
    sentence: str
    cure: str


def quote_cure() -> str:
    """Return how a value is written that holds characters of YAML's own."""
    return _('write `key: value`; put a value that holds : or # between "double quotes"')


def explain_yaml(error: yaml.MarkedYAMLError, source: str) -> YamlFault:
    """Return what a parser's error means; of one that is not common the line only."""
    problem, mark, context = error.problem or "", error.problem_mark, error.context_mark
    line = mark.line if mark is not None else 0
    began = context.line if context is not None else line
    if problem.startswith("mapping values"):
        return _explain_colon(line, source.split("\n"))
    if "could not find expected ':'" in problem:
        return _no_colon(began)
    if (found := _CHARACTER.fullmatch(problem)) is not None or "alias" in problem:
        return _explain_character(line, found[1] if found is not None else "*")
    if "quoted scalar" in (error.context or ""):
        return YamlFault(began, _("a quotation mark is opened here and not closed"), _("close it on the same line"))
    if "flow " in (error.context or ""):
        return YamlFault(began, _("a bracket is opened here and not closed"), _("close it on the same line"))
    if "found '<scalar>'" in problem:
        sentence = _("something stands behind the closing quotation mark")
        return YamlFault(line, sentence, _("put the whole value between one pair of quotation marks"))
    return YamlFault(line, _("this line of the issue’s head cannot be read"), quote_cure())


def _explain_colon(line: int, lines: list[str]) -> YamlFault:
    if line < len(lines) and _COLON_IN_VALUE.match(lines[line]):
        return YamlFault(
            line, _("the value holds a colon with a blank behind it"), _('put the value between "double quotes"')
        )
    for at in range(min(line, len(lines) - 1), -1, -1):
        if _NO_COLON.match(lines[at]):
            return _no_colon(at)
    return YamlFault(line, _("this line is indented as if it belonged to the one above"), _("begin it at the margin"))


def _explain_character(line: int, character: str) -> YamlFault:
    if character == "\\t":  # as Python writes it
        return YamlFault(line, _("a tab stands where only blanks may"), _("write blanks instead of the tab"))
    sentence = _("a value may not begin with {character}").format(character=character)
    return YamlFault(line, sentence, _('put the value between "double quotes"'))


def _no_colon(line: int) -> YamlFault:
    return YamlFault(line, _("no colon with a blank behind it stands after the key"), quote_cure())
