"""Writes numbers in the formats of Word's automatic numbering (ECMA-376 part 1, 17.18.59), the Chinese ones first."""

from collections.abc import Callable

_DIGITS = "零一二三四五六七八九"
_LEGAL_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_ROMAN = ((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"), (40, "XL"),
          (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"))  # fmt: skip
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"


def format_chinese(number: int, *, digits: str = _DIGITS, units: str = "十百千", short_ten: bool = True) -> str:
    """Return a number from 0 to 9999 in Chinese: 七, 十四, 一百零三; `short_ten` writes 十四 for 一十四."""
    if not 0 <= number <= 9999:
        return str(number)
    if number == 0:
        return digits[0]
    written, gap = "", False
    for place in (3, 2, 1, 0):
        digit = number // 10**place % 10
        if digit == 0:
            gap = bool(written)
            continue
        written += (digits[0] if gap else "") + digits[digit] + (units[place - 1] if place else "")
        gap = False
    one_ten = digits[1] + units[0]
    return written.removeprefix(digits[1]) if short_ten and written.startswith(one_ten) else written


def _letters(number: int) -> str:
    """a … z, aa … zz: the letter is repeated, as Word does."""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def _roman(number: int) -> str:
    written = ""
    for amount, letters in _ROMAN:
        count, number = divmod(number, amount)
        written += letters * count
    return written


def _digit_by_digit(number: int) -> str:
    return "".join("〇" if digit == "0" else _DIGITS[int(digit)] for digit in str(number))


def _full_width(number: int) -> str:
    return str(number).translate({ord("0") + digit: chr(ord("０") + digit) for digit in range(10)})


def _enclosed(first: int, last: int) -> Callable[[int], str]:
    return lambda number: chr(first + number - 1) if number <= last else f"({number})"


def _cycle(signs: str) -> Callable[[int], str]:
    return lambda number: signs[(number - 1) % len(signs)]


def _legal(number: int) -> str:
    return format_chinese(number, digits=_LEGAL_DIGITS, units="拾佰仟", short_ten=False)


_FORMATS: dict[str, Callable[[int], str]] = {
    "decimalZero": lambda number: f"{number:02d}",
    "decimalFullWidth": _full_width,
    "decimalFullWidth2": _full_width,
    "lowerLetter": _letters,
    "upperLetter": lambda number: _letters(number).upper(),
    "lowerRoman": lambda number: _roman(number).lower(),
    "upperRoman": _roman,
    "chineseCounting": format_chinese,
    "chineseCountingThousand": format_chinese,
    "japaneseCounting": format_chinese,
    "taiwaneseCounting": format_chinese,
    "taiwaneseCountingThousand": format_chinese,
    "ideographDigital": _digit_by_digit,
    "japaneseDigitalTenThousand": _digit_by_digit,
    "taiwaneseDigital": _digit_by_digit,
    "chineseLegalSimplified": _legal,
    "ideographLegalTraditional": _legal,
    "japaneseLegal": _legal,
    "ideographTraditional": _cycle(_STEMS),
    "ideographZodiac": _cycle(_BRANCHES),
    "decimalEnclosedCircle": _enclosed(0x2460, 20),
    "decimalEnclosedCircleChinese": _enclosed(0x2460, 20),
    "decimalEnclosedParen": _enclosed(0x2474, 20),
    "decimalEnclosedFullstop": _enclosed(0x2488, 20),
    "ideographEnclosedCircle": _enclosed(0x3280, 10),
    "none": lambda _number: "",
    "bullet": lambda _number: "",
}


def format_numeral(number: int, kind: str) -> str:
    """Return a number in one of Word's formats (chineseCounting: 一, upperRoman: I, …); figures for one not known."""
    write = _FORMATS.get(kind)
    if write is None or not 0 < number < 10_000:
        return str(number)
    return write(number)
