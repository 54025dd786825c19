"""What a notice says of one recipient: the words beside his address, a reply's code, the reason given."""

import re
from collections.abc import Sequence

from mailer.mail.returned.phrases import NAMED
from mailer.mail.returned.places import AROUND, Place

_MAX_TOLD = 1500
_MAX_REPLY = 800
_REPLY = re.compile(
    r"(?<![\w.@/:#-])[45]\d\d(?:[ -]|: |#)(?! ?(?:bytes|messages|octets|kb|times|days|hours|minutes|more|of)\b)",
    re.IGNORECASE,
)
_ENHANCED = re.compile(r"(?<![\w.])[45]\.\d{1,2}\.\d{1,3}(?![\d.])")
_TELLING = re.compile(
    r"unknown|no such|invalid|full|quota|violation|not found|not exist|illegal|不存在|满|已停用|unbekannt"
    r"|не существует"
)
_REASON = re.compile(
    r"\W{0,6}(?:退信(?:的)?(?:具体)?原因|退回原因|失败(?:的)?原因|错误(?:原因|信息|描述|详情|提示)"
    r"|原因(?:说明)?|英文说明|远程(?:响应|服务器)|诊断(?:信息|代码)|服务器(?:返回|响应|应答|回复)(?:信息"
    r"|消息)?|返回信息|详细信息|退件原因"
    r"|reasons?(?: of failure| for failure)?|error(?: type| text| description| message| detail)?"
    r"|diagnostic(?: code| information| was)?|details?|because|grund|raison|motivo|причина|エラー内容"
    r"|理由)\s{0,4}(?:[:=]|是|$)|\W{0,6}退信原因 ",
    re.IGNORECASE,
)
_ADVICE = re.compile(
    r"\W{0,6}(?:建议|解决|处理建议|处理方法|可能(?:的)?原因|可能是|您可以|请(?:您)?(?:检查|核对|确认|核实)"
    r"|提示|温馨提示|常见原因"
    r"|what (?:can|should|to) |how (?:to|do) "
    r"|possible |suggest|troubleshoot|please (?:check|verify|try|make sure)|check (?:that|the|for|whether)|solution)",
    re.IGNORECASE,
)


def words_to(place: Place, chosen: Sequence[Place], lines: Sequence[str]) -> str:
    """Return the words that stand to an address: around and below it; else its line with a code; else the reason."""
    address = place.address.lower()
    following = min((other.line for other in chosen if other.line > place.line), default=len(lines))
    below = lines[place.line + 1 : min(following, place.line + 40)]
    told = _beside(place, below, lines[place.line])
    if has_code(told):
        return told
    for number, text in enumerate(lines):
        if address in text.lower() and has_code(text):
            more = lines[number + 1].strip() if number + 1 < len(lines) else ""
            return f"{text.strip()} {more}".strip()[:_MAX_TOLD]
    return _reason(below) or told


def _beside(place: Place, below: Sequence[str], line: str) -> str:
    begin = line.lower().find(place.address.lower())
    before = line[: max(begin, 0)].strip(AROUND)
    after = line[place.end :].lstrip(" >:;,.)]\"'*-")
    collected = [after] if after.strip() else []
    if before and (_TELLING.search(before.lower()) or not NAMED.search(f"{before.lower()}: ")):
        collected.insert(0, before)
    for text in below:
        if not text.strip():
            if any(char.isalpha() for said in collected for char in said):
                break
            continue
        if _ADVICE.match(text) and collected:
            break
        if words := text.strip(" \t-=*_#|~"):
            collected.append(words)
        if sum(map(len, collected)) > _MAX_TOLD:
            break
    return " ".join(" ".join(collected).split())[:_MAX_TOLD]


def _reason(lines: Sequence[str]) -> str:
    """Return what stands behind labels such as 退信原因 or Reason, with the rest of their paragraphs; or empty."""
    collected: list[str] = []
    within = False
    for line in lines:
        if label := _REASON.match(line):
            collected.append(line[label.end() :].strip())
            within = True
        elif _ADVICE.match(line):
            within = False
        elif not line.strip():
            within = within and not collected[-1]
        elif within:
            collected.append(line.strip())
    return " ".join(" ".join(collected).split())[:_MAX_TOLD]


def own_words(lines: Sequence[str], naming: set[int]) -> str:
    """Return a notice's own words: without the lines that only name, and without advice, which lists what may be."""
    kept: list[str] = []
    advice = False
    for number, line in enumerate(lines):
        if _ADVICE.match(line):
            advice = True
        elif advice and _REASON.match(line):
            advice = False
        if not advice and number not in naming and line.strip():
            kept.append(line.strip())
    return " ".join(kept)


def has_code(text: str) -> bool:
    """True where an SMTP code or an enhanced code stands in a text."""
    return _REPLY.search(text) is not None or _ENHANCED.search(text) is not None


def find_reply(text: str) -> str:
    """Return a text from its first SMTP code on; all of it where only an enhanced code is in it; or empty."""
    if match := _REPLY.search(text[:8000]):
        return " ".join(text[match.start() : match.start() + _MAX_REPLY].split())
    return " ".join(text[:_MAX_REPLY].split()) if _ENHANCED.search(text[:_MAX_REPLY]) else ""


def line_of_code(prose: str) -> str:
    """Return the first line of a notice that holds a reply with what follows in its paragraph, or empty."""
    if (match := _REPLY.search(prose) or _ENHANCED.search(prose)) is None:
        return ""
    begin = prose.rfind("\n", 0, match.start()) + 1
    end = prose.find("\n\n", match.end())
    return " ".join(prose[begin : end if end > 0 else begin + _MAX_REPLY][:_MAX_REPLY].split())
