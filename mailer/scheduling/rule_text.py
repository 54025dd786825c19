"""Reads what staff write in `when`: English, Chinese or cron, to a rule; case, width and blanks do not matter."""

import difflib
import re
import unicodedata
from functools import lru_cache

from mailer.config import FILE_NAME
from mailer.errors import ConfigError
from mailer.i18n import _
from mailer.scheduling.chinese_rules import read_chinese
from mailer.scheduling.cron import CronError, looks_like_cron, parse_cron
from mailer.scheduling.english_rules import read_english
from mailer.scheduling.rules import Rule

KNOWN_FORMS = (
    "last working day",
    "3rd working day",
    "2nd last working day",
    "2nd Tuesday",
    "last Friday",
    "last day",
    "day 15",
    "1st and 15th",
    "15th or the working day before",
    "last working day of March, June, September, December",
    "every Friday",
    "every 2 weeks from 2026-01-05",
    "every working day",
    "最后一个工作日",
    "第3个工作日",
    "倒数第2个工作日",
    "第二个星期二",
    "最后一个周五",
    "月末",
    "每月15日",
    "1日和15日",
    "15日或之前的工作日",
    "15日，遇休息日顺延",
    "每季度最后一个工作日",
    "每周五",
    "自2026-01-05起每两周",
    "每个工作日",
    "30 9 * * 1-5",
)
_HAN = re.compile(r"[\u3400-\u9fff]")


def parse_rule(text: str, field: str = "when") -> Rule:
    """Return the rule meant by `text`: one of KNOWN_FORMS with other numbers, weekdays, months and dates, or cron.

    Raises ConfigError naming `field`, the nearest known form and all of them for what is not understood.
    """
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    try:
        rule = _read(plain)
    except CronError as error:
        raise ConfigError(
            _("“{text}”: {why}").format(text=text[:60], why=error),
            file=FILE_NAME,
            field=field,
            cure=_("write it as crontab(5) says, such as {form}").format(form=KNOWN_FORMS[-1]),
        ) from None
    if rule is not None:
        return rule
    forms = _(", ").join(KNOWN_FORMS)
    near = difflib.get_close_matches(plain, KNOWN_FORMS, 1, 0.4)
    if near:
        cure = _("did you mean “{near}”? These are understood: {forms}").format(near=near[0], forms=forms)
    else:
        cure = _("write one of: {forms}").format(forms=forms)
    raise ConfigError(
        _("“{text}” is not understood as a rule of dates").format(text=text[:60]),
        file=FILE_NAME,
        field=field,
        cure=cure,
    )


@lru_cache(maxsize=64)
def _read(plain: str) -> Rule | None:
    if _HAN.search(plain):
        return read_chinese("".join(plain.split()))
    return parse_cron(plain) if looks_like_cron(plain) else read_english(plain)
