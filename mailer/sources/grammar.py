"""The grammar of a bulletin's fixed parts (masthead, contents, foot) as pure functions over single lines.

The forms are those of Chinese official bulletins (GB/T 9704-2012 borrowed, and what offices really write); a line that
does not fit gives None, never a guess.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date

from mailer.model.issue import Imprint, Role

_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")}
_DIGITS |= dict.fromkeys("〇○ＯO0", 0) | {"两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1000}
NUMERAL = r"(?:\d+|[零〇○一二三四五六七八九十百千两]+)"

_DATE = re.compile(
    r"(?<!\d)(?P<year>\d{4}|[零〇○ＯO0一二三四五六七八九]{4})\s*(?P<gap>[年./．／-])\s*"
    r"(?P<month>\d{1,2}|[一二三四五六七八九十]{1,2})\s*(?:月|(?P=gap))\s*"
    r"(?P<day>\d{1,2}|[一二三四五六七八九十]{1,3})(?:\s*[日号])?(?![\d年])"
)
_LABEL = r"(?:本期)?(?P<label>[抄呈]\s*报|[抄主呈分]\s*送|报\s*送|发\s*送|分\s*发|报|送|发)\s*[:：]"
_CIRCULATION = re.compile(rf"\s*{_LABEL}\s*(?P<rest>.*)", re.DOTALL)
_NEXT_LABEL = re.compile(rf"(?:(?<![抄呈主分报发\s])\s+|(?<=[；;。]))(?={_LABEL})")
_ROLES = {
    "报": Role.UPWARD, "抄报": Role.UPWARD, "呈报": Role.UPWARD, "呈送": Role.UPWARD, "报送": Role.UPWARD,
    "发": Role.DOWNWARD, "分发": Role.DOWNWARD,
}  # fmt: skip

_IMPRINT_LABELS = {
    "address": r"(?:编辑部|通讯|通信|联系|办公)?地\s*址",
    "postcode": r"邮\s*编|邮政编码",
    "phone": r"(?:编辑部|联系|办公)?电\s*话(?:[/及和]传真|[（(]传真[）)])?|Tel",
    "email": r"E-?mail|(?:电子)?邮\s*箱|电子邮件|投稿邮箱|信箱",
    "contact": r"联\s*系\s*人(?:及(?:联系)?(?:方式|电话))?|联系方式",
}
IMPRINT_LENGTH = 400  # a longer line is text that speaks of an address
_IMPRINT = re.compile("|".join(f"(?P<{name}>{label})" for name, label in _IMPRINT_LABELS.items()), re.IGNORECASE)

_IMPRINT_NOTE = re.compile(
    r"(?:编辑部?|责任编辑|责编|执行编辑|主编|副主编|编审|审核|审稿|校对|签发人?|主办单位?|承办单位?|协办单位?|编印单位?|传\s*真|网\s*[址站]|官\s*网|"
    r"微信公众号|公众号|官方微信|微\s*信|订阅号|QQ群?|投稿)\s*[:：]"
)
_NEXT_FIELD = re.compile(
    rf"(?:\s{{2,}}|\t\s*)(?=[^\s:：]{{1,8}}\s?[:：])|\s(?=(?i:{'|'.join(_IMPRINT_LABELS.values())})\s*[:：])"
)

_SENTENCE_END = re.compile(r"[。！？：；>…!?:;.][”’」』）》】\"')\]]*$")
_PAGE_NUMBER = re.compile(r"[-—–－\s]*(?:第\s*)?\d{1,4}(?:\s*页)?(?:\s*[/共,，]\s*\d{1,4}\s*页?)?[-—–－\s]*")
_RULE = re.compile(r"[-=_—－＝＿─━═*·~≡\s]{3,}")
_DESCRIBED_RULE = re.compile(r"[-=_—－＝＿─━═*~]{6,}\s*[（(][^（()）]{1,40}[）)]")
_SECRECY = re.compile(
    r"[（(【]?(?:密级[:：])?(?:绝密|机密|秘密|内部资料|内部刊物|内部文件)(?:[★☆*].{0,12}|[,，、]?(?:请勿外传|注意保[存密管]|不得外传))?[)）】]?"
)
_COPIES = re.compile(r"[（(]?\s*(?:共印|印数|印发份数|份数|印)\s*[:：]?\s*(?P<copies>\d{1,6})\s*份?\s*[）)]?")
_CLOSING_COPIES = re.compile(r"[（(]\s*(?:共\s*印|印数|份数|印)\s*[:：]?\s*(?P<copies>\d{1,6})\s*份\s*[）)]\s*。?$")
_PRINTED = re.compile(r"\s*(?:印\s*发|编\s*印|印\s*制)\s*[:：]?\s*")

HEADING_LENGTH = 40
FIRST_YEAR, LAST_YEAR = 1900, 2999
FIXED_LENGTH = 200  # characters of a line that may be a fixed part; longer ones are text


@dataclass(frozen=True, slots=True)
class PrintingLine:
    """What a printing line (印发, 共印) says: by whom, when, how many; None or empty when it does not."""

    printed_by: str
    printed_on: date | None
    copies: int | None


@dataclass(frozen=True, slots=True)
class DatedLine:
    """A line that holds a date, with what stands before and after it."""

    before: str
    date: date
    after: str


def parse_number(text: str) -> int | None:
    """Return the number written in digits of any script or in Chinese (七, 十四, 三十一, 一百一十三, 二〇二六)."""
    if text.isdecimal():
        return int(text) if len(text) <= 9 else None
    if not text or any(char not in _DIGITS and char not in _UNITS for char in text):
        return None
    if not any(char in _UNITS for char in text):
        return int("".join(str(_DIGITS[char]) for char in text)) if len(text) <= 9 else None
    value, digit = 0, 0
    for char in text:
        if char in _UNITS:
            value, digit = value + (digit or 1) * _UNITS[char], 0
        else:
            digit = _DIGITS[char]
    return value + digit


def find_date(line: str) -> DatedLine | None:
    """Return the first date of a line with its surroundings; None when there is none or no such day from 1900 to 2999.

    2009年7月6日, 2026 年 12 月 31 日, 2026.7.31, 2026/7/31, 2026-12-31, full-width digits, 二○○九年七月六日.
    """
    for match in _DATE.finditer(line):
        parts = [parse_number(match[name]) for name in ("year", "month", "day")]
        try:
            found = date(*(part or 0 for part in parts))
        except ValueError:
            continue
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            continue
        return DatedLine(line[: match.start()].strip(), found, line[match.end() :].strip())
    return None


def parse_date(text: str) -> date | None:
    """Return the date a text consists of, in any form find_date knows; None otherwise."""
    found = find_date(text)
    return found.date if found and not found.before and not found.after else None


def parse_circulation_label(line: str) -> tuple[Role, str] | None:
    """Return the role of a circulation line (报、送、发、抄报、抄送、呈报, blanks inside allowed) and its rest."""
    match = _CIRCULATION.match(line)
    if match is None:
        return None
    label = re.sub(r"\s", "", match["label"])
    return _ROLES.get(label, Role.SIDEWAYS), match["rest"].strip()


def split_circulation(line: str) -> list[str]:
    """Split a line that holds several circulation lines (报：甲    送：乙) before each label."""
    return [part for part in (part.strip() for part in _NEXT_LABEL.sub("\n", line).split("\n")) if part]


def split_bodies(text: str) -> tuple[str, ...]:
    """Split the bodies of a circulation line at 、，； outside brackets; a closing full stop belongs to none."""
    bodies, depth, current = [], 0, ""
    for char in text:
        depth += (char in "（(《") - (char in "）)》")
        if char in "、，；,;" and depth <= 0:
            bodies.append(current)
            current = ""
        else:
            current += char
    bodies.append(current)
    return tuple(body for body in (part.strip().rstrip("。.") for part in bodies) if body)


def parse_imprint_line(line: str) -> dict[str, str] | None:
    """Return the imprint fields of a line, perhaps several (邮编：… 电话：…); None when it starts with no label."""
    if len(line) > IMPRINT_LENGTH:
        return None
    labels = [match for match in _IMPRINT.finditer(line) if re.match(r"\s*[:：]", line[match.end() :])]
    if not labels or line[: labels[0].start()].strip():
        return None
    fields: dict[str, str] = {}
    for label, following in zip(labels, [*labels[1:], None], strict=True):
        name = str(label.lastgroup)
        value = line[label.end() : following.start() if following else None].strip().lstrip(":：").strip(" \t　,，;；")
        fields[name] = f"{fields[name]}、{value}" if fields.get(name) and value else fields.get(name) or value
    return fields


def is_imprint_note(line: str) -> bool:
    """True for a line of the imprint that has no field of its own: 编辑部：…, 责任编辑：…, 传真：…, 网址：…."""
    return len(line) <= IMPRINT_LENGTH and _IMPRINT_NOTE.match(line) is not None


def split_imprint(line: str) -> list[str]:
    """Split a line that holds several fields of the imprint before each label: a known one, or one behind a gap."""
    return _NEXT_FIELD.sub("\n", line).split("\n") if len(line) <= IMPRINT_LENGTH else [line]


def merge_imprint(imprint: Imprint, fields: dict[str, str]) -> Imprint:
    """Return the imprint with these fields added; a field said twice keeps both values, joined by 、."""

    def both(name: str, old: str) -> str:
        return "、".join(part for part in (old, fields.get(name, "")) if part)

    return replace(
        imprint,
        address=both("address", imprint.address),
        postcode=both("postcode", imprint.postcode),
        phone=both("phone", imprint.phone),
        email=both("email", imprint.email),
        contact=both("contact", imprint.contact),
    )


def parse_printing_line(line: str) -> PrintingLine | None:
    """Return what a printing line says (某办公室 2026年6月30日印发, 印发　某某厅, （共印16份）); None for another."""
    if not line.strip() or len(line) > FIXED_LENGTH or "。" in line:
        return None
    found = _COPIES.search(line)
    copies = int(found["copies"]) if found else None
    rest = (line[: found.start()] + line[found.end() :]).strip() if found else line.strip()
    if not rest:
        return PrintingLine("", None, copies)
    if leading := _PRINTED.match(rest):
        dated = find_date(rest[leading.end() :])
        by = dated.before if dated else rest[leading.end() :].strip()
        if not by or (dated and dated.after):
            return None
        return PrintingLine(by, dated.date if dated else None, copies)
    dated = find_date(rest)
    if dated is None or not (_PRINTED.fullmatch(dated.after) or (copies and not dated.after)):
        return None
    return PrintingLine(dated.before, dated.date, copies)


def split_copies(line: str) -> tuple[str, int | None]:
    """Return a circulation line without a closing （共印16份）, and that number; None where it has none."""
    found = _CLOSING_COPIES.search(line)
    if found is None:
        return line, None
    return line[: found.start()].rstrip(), int(found["copies"])


def title_key(text: str) -> str:
    """Return the form by which two spellings of a title are the same: without blanks, width and case."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def is_page_number(line: str) -> bool:
    """True for a line that is nothing but a page number: 64, — 3 —, 第 3 页."""
    return len(line) <= 30 and _PAGE_NUMBER.fullmatch(line) is not None and any(char.isdecimal() for char in line)


def is_rule(line: str) -> bool:
    """True for a line that only draws a rule."""
    return _RULE.fullmatch(line) is not None


def is_described_rule(line: str) -> bool:
    """True for a rule with a note behind it, as templates have: ────（红线）."""
    return len(line) <= FIXED_LENGTH and _DESCRIBED_RULE.fullmatch(line) is not None


def parse_secrecy_mark(line: str) -> str | None:
    """Return the marking of a line that marks a document as classified or internal (秘 密, 机密★3年, 内部资料)."""
    mark = "".join(line.split()) if len(line) <= FIXED_LENGTH else ""
    return mark if _SECRECY.fullmatch(mark) else None


def is_cjk(char: str) -> bool:
    """True for a character that is set without gaps in Chinese text: wide and full-width ones, and “”‘’—…·."""
    return unicodedata.east_asian_width(char) in "WF" or char in "“”‘’—…·"


def join_lines(before: str, after: str) -> str:
    """Join two pieces of one paragraph: without a gap between CJK and CJK, else with one blank."""
    return before + gap_between(before, after) + after


def join_all(lines: Iterable[str]) -> str:
    """Join the pieces of one paragraph as join_lines does; blanks around each are gone."""
    parts: list[str] = []
    for line in filter(None, (line.strip() for line in lines)):
        parts += [gap_between(parts[-1], line), line] if parts else [line]
    return "".join(parts)


def gap_between(before: str, after: str) -> str:
    """Return what stands between two pieces of one paragraph: nothing between CJK and CJK, else one blank."""
    return "" if not before or not after or (is_cjk(before[-1]) and is_cjk(after[0])) else " "


def ends_sentence(text: str) -> bool:
    """True when a paragraph may end here: closing punctuation, or a closing quote or bracket after it."""
    return _SENTENCE_END.search(text.rstrip()[-10:]) is not None
