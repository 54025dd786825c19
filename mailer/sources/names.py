"""Names of persons as sheets have them, with a title behind."""

import re
from functools import lru_cache

from mailer.model.person_name import PAIRED_SURNAMES

# read from the end: 副处长, 办公室主任 and 党委书记 end in them
_TITLES = (
    "处长|科长|局长|厅长|司长|部长|省长|市长|县长|区长|镇长|院长|校长|会长|所长|站长|社长|行长|组长|馆长|主任|主席|书记|秘书长|秘书|"
    "委员|常委|经理|总经理|董事长|董事|总裁|总监|主管|专员|助理|教授|讲师|研究员|工程师|总工程师|会计师|调研员|巡视员|科员|干事|文员|"
    "行政|老师"
)
_TITLE = rf"[\u4e00-\u9fff（）()]{{0,10}}(?:{_TITLES})(?:[（(][\u4e00-\u9fff]{{1,6}}[)）])?"
_PERSON = r"[\u4e00-\u9fff]{1,4}|[\u4e00-\u9fff]{1,8}·[\u4e00-\u9fff]{1,8}"
_PARTED = re.compile(rf"({_PERSON})(?:[\s\u3000，,、/／]+({_TITLE})|[（(]({_TITLE})[)）])")

# those that are said right behind a name; 总 and the like only behind a surname alone, as 李科 may be all of a name
_JOINED = re.compile(
    r"([\u4e00-\u9fff]{1,4}?)((?:常务副|副|代|执行)?(?:处长|科长|局长|厅长|司长|部长|省长|市长|县长|区长|镇长|院长|校长|会长|"
    r"所长|站长|社长|行长|组长|馆长|理事长|秘书长|董事长|监事长|总经理|总裁|总监|总工程师|总工|主任|主席|书记|经理|董事|教授|工程师|"
    r"研究员|调研员|巡视员|老师))"
)
_CALLED = re.compile(r"([\u4e00-\u9fff]{1,2})([总董工处局])")
_OF_PLACES = (
    "省长",
    "市长",
    "县长",
    "区长",
    "镇长",
    "校长",
    "院长",
    "行长",
    "馆长",
    "站长",
    "所长",
    "社长",
)  # 马桥镇长
_SURNAMES = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金"
    "韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛柯庄翁葛温裘倪俞章鲁殷翟聂焦"
    "季毕祝柳骆盛梅童颜詹耿关包左岳齐华伍祁凌蓝柴詹鲍裴霍甘欧樊阮盖应卓竺楼郎虞水屠费舒"
) - frozenset("水")  # fmt: skip
# offices, places and other words that begin as a name does
_NO_NAMES = re.compile(
    r"(?:高级|高新|高管|高中|常务|常州|常熟|项目|安全|安监|安保|金融|金华|金牌|文旅|文化|文教|文体|文明|文宣|华东|华南|华北|华中|华西|"
    r"温州|温岭|江苏|江西|江北|江南|江东|江干|康复|武汉|武装|方案|方正|石化|石油|石材|田径|史志|史料|关工|关爱|包装|包干|龙岩|龙湾|"
    r"万州|马上|万里|水利|路政|施工|施救|应急|应用|洪涝|林业|林场|林区|白云|严格|任职|时任|章程|向导|左右|毕业|盛大|童装|甘肃|齐全|"
    r"舒城|凌晨|蓝天|贺州|苏州|徐州|郑州|杭州|湖州|台州|衢州|柳州|梅州|雷州|郴州|黄山|黄石|唐山|马鞍|莫斯|欧洲|欧美|余杭|余姚|程序|"
    r"钟点|顾问|顾客|汽车|汤料|陆运|陆军|段长|孔子|祝福|易货|季度|耿马|关系|关键|费用|单位|会员|管理|叶轮|曹县|丁类|于都|许可|付款|"
    r"董事|董办|施行|何时|何处|何地|夏季|秦皇|孟加|江山|应收|应付|宋体|周边|周报|周末|谢绝|包括|毛利|毛坯|白班|齐鲁|齐齐|高校|高速|"
    r"鲁能|柴油|盖章|殷切|章丘|温泉|温室|颜料|武警|武术|武义|金属|金工|金东)"
)


@lru_cache(maxsize=20_000)
def part_title(text: str) -> tuple[str, str]:
    """Return name and title of 张某 处长, 张某（处长）, 张处长 or 王总; any other text is a name without a title.

    Without a sign between them the name must begin with a usual surname and be no word of its own (安全主任): what is
    not sure stays together.
    """
    if len(text) >= 40:
        return text, ""
    match = _PARTED.fullmatch(text)
    if match is not None:
        return match[1], match[2] or match[3]
    match = _CALLED.fullmatch(text)
    if match is not None and _is_surname(match[1]):
        return match[1], match[2]
    match = _JOINED.fullmatch(text)
    if match is not None and (_is_surname(match[1]) or (_is_name(match[1]) and not match[2].endswith(_OF_PLACES))):
        return match[1], match[2]
    return text, ""


def _is_surname(text: str) -> bool:
    return text in _SURNAMES or text in PAIRED_SURNAMES


def _is_name(text: str) -> bool:
    if _NO_NAMES.match(text) or len(text) > (4 if text[:2] in PAIRED_SURNAMES else 3):
        return False
    return text[0] in _SURNAMES or text[:2] in PAIRED_SURNAMES
