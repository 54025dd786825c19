"""Which column of a sheet is what: guessed from headings as offices write them, or as staff say it."""

import difflib
import re
import string
from collections.abc import Mapping, Sequence

from mailer.errors import SheetError, UsageError
from mailer.i18n import _
from mailer.model.contact_sheet import (
    ATTRIBUTE,
    FIELDS,
    LONGEST_ATTRIBUTE_NAME,
    CellPlace,
    attribute_of,
    column_letter,
)
from mailer.sources.csv_records import fold_heading

# compared without blanks, width and case; the first is what a new sheet gets
HEADINGS: dict[str, tuple[str, ...]] = {
    "organisation": ("单位", "单位名称", "organisation", "organization", "company", "公司", "企业名称", "公司名称",
                     "企业", "机构", "会员单位", "会员名称", "工作单位", "unit"),
    "name": ("姓名", "联系人", "name", "contact", "联系人姓名", "收件人", "名字", "负责人", "fullname"),
    "title": ("职务", "职位", "title", "position", "职称", "联系人职务"),
    "city": ("城市", "地市", "所属地区", "city", "所在城市", "所在地市", "所属城市", "所在市", "设区市"),
    "level": ("级别", "层级", "level", "单位级别"),
    "address": ("邮箱", "地址", "电子邮箱", "邮箱地址", "邮件地址", "电子邮件", "email", "e-mail", "mail", "address",
                "邮件", "电子信箱", "信箱", "电子邮箱地址", "emailaddress", "e-mailaddress"),
    "phone": ("电话", "手机", "联系电话", "phone", "tel", "mobile", "手机号", "手机号码", "电话号码", "联系方式",
              "办公电话", "telephone"),
    "language": ("语言", "language"),
}  # fmt: skip
FIELD_OF = {heading: field for field, headings in HEADINGS.items() for heading in headings}
# columns that sheets often have and that no field is meant by; a list's own sheet may have them
OTHER_HEADINGS = (
    "备注", "序号", "编号", "传真", "邮编", "邮政", "通讯地址", "通信地址", "单位地址", "联系地址", "详细地址", "地区",
    "类别", "note", "remark", "no.", "#", "fax",
)  # fmt: skip
# what a longer heading is about, tried in this order: 联系人电子邮箱 is an address, 企业联系电话 a phone
_ABOUT: tuple[tuple[str, str], ...] = (
    ("address", r"邮箱|信箱|电子邮件|邮件地址|电邮|e-?mail"),
    ("phone", r"电话|手机|phone|mobile|^tel"),
    ("name", r"姓名|联系人$"),  # 姓名及职务 is a name with a title behind
    ("title", r"职务|职位|职称"),
    ("city", r"^(?:所在|所属)?(?:城|地)市"),
    ("level", r"^(?:单位|行政)?(?:级别|层级)"),
    ("organisation", r"单位(?:全称|名称)|(?:公司|企业|机构)(?:全称|名称)?$|单位$"),
)
_ABOUT_PATTERNS = [(field, re.compile(pattern)) for field, pattern in _ABOUT]
# a row's number says nothing of the contact
_NUMBERS = frozenset({"序号", "no", "no.", "#"})
_ASIDE = re.compile(r"[（(【\[].*?[)）】\]]|[*＊:：]")
_LETTERS = frozenset(string.ascii_uppercase)
IGNORE = "-"  # as a field in a mapping: the column is not read
_KEEP = ATTRIBUTE.rstrip(":")  # as a field in a mapping: the column becomes an attribute by the name of its heading


def field_of(heading: str) -> str | None:
    """Return the field a heading means, None for one that means nothing to us."""
    folded = fold_heading(heading)
    if not folded or len(folded) > 40:
        return None
    bare = _ASIDE.sub("", folded)
    for text in (folded, bare):
        if text in FIELD_OF:
            return FIELD_OF[text]
    if bare.startswith(OTHER_HEADINGS):
        return None
    return next((field for field, pattern in _ABOUT_PATTERNS if pattern.search(bare)), None)


def is_known_heading(heading: str) -> bool:
    """Return whether a list's own sheet may have a column of this heading: staff know that it is only for them."""
    return not fold_heading(heading) or fold_heading(heading).startswith(OTHER_HEADINGS)


def is_number_heading(heading: str) -> bool:
    """Return whether a column of this heading only counts the rows."""
    return fold_heading(heading) in _NUMBERS


def guess_columns(headings: Sequence[str]) -> dict[int, str]:
    """Return column (from 0) to field. 地址 is a postal address beside a column that says 邮箱.

    Several columns may be addresses or phones; of any other field the heading nearest to its word counts.
    """
    attributes = {at: f"{ATTRIBUTE}{name}" for at, heading in enumerate(headings) if (name := attribute_of(heading))}
    found = {
        at: field
        for at, heading in enumerate(headings)
        if at not in attributes and (field := field_of(heading)) is not None
    }
    folded = [fold_heading(heading) for heading in headings]
    addresses = [at for at, field in found.items() if field == "address"]
    vague = [at for at in addresses if folded[at] in ("地址", "address")]
    if len(vague) < len(addresses):
        for at in vague:
            del found[at]
    for field in FIELDS:
        if field in ("address", "phone"):
            continue
        same = [at for at, one in found.items() if one == field]
        for at in sorted(same, key=lambda at: (folded[at] not in FIELD_OF, at))[1:]:
            del found[at]
    return found | attributes


def parse_mapping(texts: Sequence[str]) -> dict[str, str]:
    """Return what `--map HEADING=FIELD` says: folded heading or column letter to field. Raises UsageError."""
    mapping: dict[str, str] = {}
    for text in texts:
        heading, equals, name = (part.strip() for part in text.rpartition("="))
        field = _mapped_field(name)
        if not equals or not heading or field is None:
            near = difflib.get_close_matches(fold_heading(name), FIELDS, 1, 0.5)
            raise UsageError(
                _("“{text}” maps no column to a field").format(text=text),
                field="--map",
                cure=_("did you mean {near}?").format(near=f"{heading}={near[0]}")
                if near and equals and heading
                else _(
                    "write HEADING=FIELD or LETTER=FIELD; fields are {fields}, attribute (or attribute:NAME) for what "
                    "is to be kept beside them, and - for a column to leave out"
                ).format(fields=_(", ").join(FIELDS)),
            )
        mapping[fold_heading(heading)] = field
    return mapping


def _mapped_field(name: str) -> str | None:
    if name in (IGNORE, ""):
        return IGNORE
    if name.casefold() in (_KEEP, "属性"):
        return _KEEP
    attribute = attribute_of(name)
    return f"{ATTRIBUTE}{attribute}" if attribute else FIELD_OF.get(fold_heading(name))


def apply_mapping(headings: Sequence[str], guessed: Mapping[int, str], mapping: Mapping[str, str]) -> dict[int, str]:
    """Return the columns as guessed, changed by what staff say: what they map replaces what was guessed for it."""
    if not mapping:
        return dict(guessed)
    told: dict[int, str] = {}
    for at, heading in enumerate(headings):
        field = mapping.get(fold_heading(heading)) or mapping.get(column_letter(at + 1).casefold())
        if field == _KEEP:
            told[at] = f"{ATTRIBUTE}{_attribute_name(heading) or column_letter(at + 1)}"
        elif field is not None:
            told[at] = field
    kept = {at: field for at, field in guessed.items() if at not in told and field not in told.values()}
    return {at: field for at, field in {**kept, **told}.items() if field != IGNORE}


def _attribute_name(heading: str) -> str:
    bare = attribute_of(heading) or " ".join(heading.split())
    return "".join(char for char in bare if char.isprintable())[:LONGEST_ATTRIBUTE_NAME].strip()


def check_mapping(mapping: Mapping[str, str], seen: set[str], file: object, place: CellPlace | None) -> None:
    """Raise SheetError for a heading of the mapping that no sheet has."""
    for heading in mapping:
        if heading in seen or (len(heading) <= 2 and set(heading.upper()) <= _LETTERS):
            continue
        near = difflib.get_close_matches(heading, sorted(seen), 1, 0.5)
        cure = (
            _("did you mean {near}?").format(near=near[0])
            if near
            else _("its headings are: {headings}").format(headings="、".join(sorted(seen)) or "–")
        )
        raise SheetError(
            _("no column is headed “{heading}”").format(heading=heading),
            file=str(file),
            line=place.row if place is not None else None,
            field="--map",
            cure=cure,
        )
