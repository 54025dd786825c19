"""How a person is called by name and title."""

import re

PAIRED_SURNAMES = frozenset(
    {
        "欧阳",
        "司马",
        "上官",
        "诸葛",
        "夏侯",
        "东方",
        "皇甫",
        "尉迟",
        "公孙",
        "慕容",
        "长孙",
        "宇文",
        "司徒",
        "令狐",
        "端木",
    }
)  # of two characters
_ONE = re.compile("[\u4e00-\u9fff]")


def called(name: str, title: str) -> str:
    """Return what somebody is called where no title follows: 王 who is 总 is 王总, as a surname alone is no name."""
    bare = _ONE.fullmatch(name) is not None or name in PAIRED_SURNAMES
    return f"{name}{title}" if bare else name
