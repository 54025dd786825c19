"""Rows of a sheet that hold no contact: cities and other headings between rows, totals, notes."""

import re
import unicodedata

from mailer.model.city import is_city
from mailer.model.contact_sheet import AsideKind

_NUMBERED = re.compile(
    r"(?:第?[一二三四五六七八九十百]+|\d{1,3})[、.．,，)）章节]\s*|[(（][一二三四五六七八九十\d]+[)）]\s*"
)
_COUNT = re.compile(r"\s*(?:[(（]?\s*(?:共计?|合计)?\s*\d+\s*[家个户人]?\s*[)）]?|[:：])$")
_CITY = re.compile(
    r"([\u4e00-\u9fff]{1,10}?(?:市|地区|自治州|盟|州|区|县))(?:会员单位|会员企业|会员|企业|单位|部门|名单)?"
)
_TOTAL = re.compile(
    r"(?:合\s*计|总\s*计|小\s*计|共\s*计|总\s*数|总人数|sub-?total|total)(?:[:：\s\d].*)?", re.IGNORECASE
)
_NOTE = re.compile(
    r"(?:注|备注|说明|附注|附|填表人|填报人|制表人?|审核人?|联系人|联系电话|填表说明|填表日期|日期|更新日期|截止|截至|来源|以上|共|单位[(（]盖章"
    r"|note|remarks?|source|updated)\s*[\d一二三四五六七八九十]*\s*[:：.、,，]|[*※★▲]|以上|共\s*\d+\s*[家个人条户]",
    re.IGNORECASE,
)


def find_kind(cells: list[str]) -> tuple[AsideKind, str] | None:
    """Return what a row without an address is, with its text (a city: its name); None for a contact without address.

    cells: those that hold something, without what merged cells above give them.
    """
    if not cells:
        return None
    first = unicodedata.normalize("NFKC", cells[0]).strip()
    if any(_TOTAL.fullmatch(unicodedata.normalize("NFKC", cell).strip()) for cell in cells[:3]):
        return AsideKind.TOTAL, first
    if _NOTE.match(first):
        return AsideKind.NOTE, first
    if len(cells) > 1:
        # a city's row may also say how many there are
        rest = [unicodedata.normalize("NFKC", cell).strip() for cell in cells[1:]]
        if not (city_of(first) and all(re.fullmatch(r"[(（]?共?\s*\d+\s*[家个户人]?[)）]?", one) for one in rest)):
            return None
    if city := city_of(first):
        return AsideKind.CITY, city
    if len(cells) == 1 and _NUMBERED.match(first) and "@" not in first:
        return AsideKind.SECTION, first
    if len(first) > 40 or first.endswith(("。", "!", "！")):
        return AsideKind.NOTE, first
    return None


def city_of(text: str) -> str:
    """Return the city that a heading between rows names, as it is written there; empty where it names none."""
    bare = _COUNT.sub("", _NUMBERED.sub("", text.strip(), count=1)).strip()
    if is_city("".join(bare.split())):
        return "".join(bare.split())
    match = _CITY.fullmatch(bare)
    return match[1] if match is not None and match[1] not in ("城市", "地市", "县市", "地区") else ""
