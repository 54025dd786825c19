"""Reads the issue line (期号行) of a masthead: year, number, running total, and a special issue's name."""

import re
import unicodedata
from dataclasses import dataclass

from mailer.sources.grammar import FIRST_YEAR, FIXED_LENGTH, LAST_YEAR, NUMERAL, find_date, parse_number

_YEAR = r"(?:(?P<year>\d{4}|[零〇○一二三四五六七八九]{4})年?(?:\d{1,2}月)?)?"
_TOTAL = re.compile(rf"(?:总第?|期数:?)(?P<total>{NUMERAL})期?")
_NUMBER = re.compile(
    rf"{_YEAR}(?P<before>增刊|特刊|专刊)?(?<!总)第(?P<number>{NUMERAL})期|No\.?:?(?P<no>\d{{1,6}})(?!\d)"
)
_SUPPLEMENT = re.compile(r"[^,、;:]*(?:增刊|专刊|特刊|号外)")
_BARE_SUPPLEMENT = re.compile(rf"{_YEAR}(?P<name>增刊|特刊|号外)")
_ISSUE_START = re.compile(
    rf"{_YEAR}(?:增刊|特刊|专刊)?(?:第{NUMERAL}期|总第?{NUMERAL}期)|期数:?\d|No\.?:?\d{{1,6}}(?!\d)"
)
_NUMBERED = re.compile(rf"[(〔\[【](?P<year>\d{{4}})年?[)〕\]】]第?(?P<number>{NUMERAL})号")  # as official letters are
_PLACEHOLDER = re.compile(
    r"(?:\d{4}年?)?总?第(?:\d+[-—–~、,至和]\d+|%d|[Xx×*_＿]{1,6}|\{[^{}]{0,20}\}|<[^<>]{0,20}>)?期(?:合刊)?"
)
_BRACKETS = re.compile(r"[【】〔〕\[\]()（）〈〉]")
MOST = (9_999, 999_999)  # number and total that an issue may have
ISSUE_LINE_LENGTH = 60  # of what is not blank


@dataclass(frozen=True, slots=True)
class IssueLine:
    """What an issue line says; each part is None or empty when the line does not say it.

    `supplement` names a special issue, `rest` is what of the line is none of this (its date is left out of it).
    """

    year: int | None
    number: int | None
    total: int | None
    supplement: str = ""
    rest: str = ""


def parse_issue_line(line: str) -> IssueLine | None:
    """Return what an issue line (期号行) says, or None when the line is none.

    Read after NFKC and without blanks and brackets: 2020年第【07】期（总第113期）, 〔2026〕第7期（总第31期）,
    总第3766期, 2025年第二期, 第一期网络安全专刊（总61期）, 2026年增刊第1期, 期数：2648 第十四期, 〔2026〕15号. A date
    may follow.
    """
    if len(line) > FIXED_LENGTH:
        return None
    unspaced = re.sub(r"\s", "", unicodedata.normalize("NFKC", line))
    if lettered := _NUMBERED.fullmatch(unspaced):
        count = parse_number(lettered["number"])
        return IssueLine(_year(lettered["year"]), count, None) if count and count <= MOST[0] else None
    parts = _BRACKETS.sub(",", unspaced)
    plain = parts.replace(",", "")
    bare = _BARE_SUPPLEMENT.fullmatch(plain)
    if len(plain) > ISSUE_LINE_LENGTH or "。" in plain or not (bare or _ISSUE_START.match(plain)):
        return None
    if bare:
        return IssueLine(_year(bare["year"]), None, None, bare["name"])
    total = _TOTAL.search(plain)
    number = _NUMBER.search(_TOTAL.sub("", plain))
    year = number["year"] if number else None
    if year is None and (leading := re.match(r"(\d{4})年", plain)):
        year = leading[1]
    supplement, rest = _read_rest(line)
    counts = [parse_number(number["number"] or number["no"]) if number else None]
    counts.append(parse_number(total["total"]) if total else None)
    if any(count is not None and not 0 < count <= most for count, most in zip(counts, MOST, strict=True)):
        return IssueLine(_year(year), None, None, "", line.strip())
    return IssueLine(_year(year), counts[0], counts[1], (number["before"] if number else None) or supplement, rest)


def _year(text: str | None) -> int | None:
    year = parse_number(text) if text else None
    return year if year and FIRST_YEAR <= year <= LAST_YEAR else None


def _read_rest(line: str) -> tuple[str, str]:
    """Return the special issue that an issue line names, and what else it says beside number, total, year and date."""
    dated = find_date(line)
    kept = unicodedata.normalize("NFKC", f"{dated.before} {dated.after}" if dated else line)
    kept = _BRACKETS.sub(",", re.sub(r"(?<=[\d第期总年数:〔【\[(（])\s+|\s+(?=[\d第期总年〕】\])）])", "", kept))
    # within a number, brackets are no commas: 第【07】期
    kept = re.sub(rf"第,({NUMERAL}),期", r"第\1期", re.sub(r",(\d{4}),(年?第)", r"\1\2", kept))
    for pattern in (_TOTAL, _NUMBER, re.compile(r"\d{4}年")):
        kept = pattern.sub(",", kept)
    supplement, rest = "", []
    for part in filter(None, (part.strip() for part in re.split(r"[,，;；]", kept))):
        if not supplement and _SUPPLEMENT.fullmatch(part):
            supplement = part
        else:
            rest.append(part)
    return supplement, " ".join(rest)


def is_issue_placeholder(line: str) -> bool:
    """True for an issue line without one number: a template's (第 %d 期, 第 XX 期, 第{期号}期), or 第1-2期合刊."""
    if len(line) > FIXED_LENGTH:
        return False
    plain = _BRACKETS.sub("", re.sub(r"\s", "", unicodedata.normalize("NFKC", line)))
    return _PLACEHOLDER.match(plain) is not None and not _PLACEHOLDER.sub("", plain).strip(",")
