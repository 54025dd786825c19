"""Names of persons as sheets have them, with a title behind."""

import re

# read from the end: 副处长, 办公室主任 and 党委书记 end in them
_TITLES = (
    "处长|科长|局长|厅长|司长|部长|省长|市长|县长|区长|镇长|院长|校长|会长|所长|站长|社长|行长|组长|馆长|主任|主席|书记|秘书长|秘书|"
    "委员|常委|经理|总经理|董事长|董事|总裁|总监|主管|专员|助理|教授|讲师|研究员|工程师|总工程师|会计师|调研员|巡视员|科员|干事|文员|"
    "行政|老师"
)
_TITLE = rf"[\u4e00-\u9fff（）()]{{0,10}}(?:{_TITLES})(?:[（(][\u4e00-\u9fff]{{1,6}}[)）])?"
_PERSON = r"[\u4e00-\u9fff]{1,4}|[\u4e00-\u9fff]{1,8}·[\u4e00-\u9fff]{1,8}"
_PARTED = re.compile(rf"({_PERSON})(?:[\s\u3000,，、/／]+({_TITLE})|[（(]({_TITLE})[)）])")


def part_title(text: str) -> tuple[str, str]:
    """Return name and title of “张某 处长” or “张某（处长）”; any other text is a name without a title.

    A title right behind the name (张处长) is how people are called, and stays.
    """
    match = _PARTED.fullmatch(text) if len(text) < 40 else None
    return (match[1], match[2] or match[3]) if match is not None else (text, "")
