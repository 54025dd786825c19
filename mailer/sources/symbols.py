"""Characters that Word draws from symbol fonts, or above and below the line, as what Unicode has for them."""

import re

_WINGDINGS = {
    0x28: "☎", 0x29: "✆", 0x2A: "✉", 0x4A: "☺", 0x6C: "●", 0x6D: "○", 0x6E: "■", 0x6F: "□", 0x71: "□", 0x72: "□",
    0x74: "◆", 0x75: "◆", 0x76: "❖", 0x77: "◆", 0x9F: "•", 0xA1: "○", 0xA7: "▪", 0xA8: "□", 0xAB: "★", 0xB2: "☆",
    0xD8: "➢", 0xDF: "←", 0xE0: "→", 0xE1: "↑", 0xE2: "↓", 0xE8: "➔", 0xF0: "⇨", 0xFB: "✗", 0xFC: "✓", 0xFD: "☒",
    0xFE: "☑", **{0x80 + number: chr(0x24EA if number == 0 else 0x245F + number) for number in range(11)},
    **{0x8C + number: chr(0x2775 + number) for number in range(11) if number},
}  # fmt: skip
_SYMBOL = {
    0xB7: "•", 0xB0: "°", 0xB1: "±", 0xB4: "×", 0xB8: "÷", 0xA3: "≤", 0xB3: "≥", 0xB9: "≠", 0xBB: "≈", 0xAE: "→",
    0xAC: "←", 0xD7: "·", 0x61: "α", 0x62: "β", 0x67: "γ", 0x64: "δ", 0x6D: "μ", 0x70: "π", 0x53: "Σ", 0x57: "Ω",
}  # fmt: skip
_FONTS = {"wingdings": _WINGDINGS, "symbol": _SYMBOL}
_RAISED = str.maketrans("0123456789+-()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾")
_LOWERED = str.maketrans("0123456789+-()", "₀₁₂₃₄₅₆₇₈₉₊₋₍₎")
_PRIVATE = re.compile("[\uf000-\uf0ff]")
UNKNOWN = "□"


def symbol(code: int, font: str | None) -> str:
    """Return the character for a code of a symbol font (0xF0FC or 0xFC), UNKNOWN when there is none for it."""
    table = _FONTS.get((font or "wingdings").lower(), {})
    return table.get(code & 0xFF if 0xF000 <= code <= 0xF0FF else code, UNKNOWN)


def read_symbols(text: str, font: str | None) -> str:
    """Return text with the private characters of symbol fonts as Unicode has them, UNKNOWN where it has none."""
    table = _FONTS.get((font or "").lower())
    if table is not None and text and all(ord(char) in table for char in text):
        return "".join(table[ord(char)] for char in text)
    return _PRIVATE.sub(lambda match: symbol(ord(match[0]), font), text)


def raise_text(text: str, raised: str | None) -> str:
    """Return raised or lowered figures (m², CO₂) as the characters for them; other text stays as it is."""
    table = {"superscript": _RAISED, "subscript": _LOWERED}.get(raised or "")
    if table is None or any(ord(char) not in table for char in text):
        return text
    return text.translate(table)
