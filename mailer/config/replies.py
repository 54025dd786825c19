"""The tables that say what servers' replies mean."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from mailer.config.values import CurableError, Line, Table
from mailer.i18n import _
from mailer.model.outcome import Action, ReplyClass
from mailer.model.pattern import PatternError, compile_pattern


def _check_pattern(value: str) -> str:
    try:
        if value:
            compile_pattern(value)
    except PatternError as error:
        raise CurableError(str(error), error.cure) from None
    return value


def _check_phrase(value: str) -> str:
    if len(" ".join(value.split())) < (3 if value.isascii() else 2):
        raise CurableError(_("wrong value"), _("write at least three letters, or two Chinese characters"))
    return value


def _check_code(value: str) -> str:
    if not re.fullmatch(r"0|[45]\d{0,2}", value):
        raise CurableError(_("wrong value"), _('write a reply code or its beginning: "550", "55", "5"; "0" for none'))
    return value


def _check_domain(value: str) -> str:
    if not re.fullmatch(r"(?:[a-z0-9_-]+\.)+[a-z0-9-]+", value):
        raise CurableError(
            _("wrong value"), _('write a domain such as "qq.com", in small letters; those below it are meant too')
        )
    return value


# classes that speak of the reader; to suppress for another would shut somebody out for a fault of ours
_OF_THE_READER = (ReplyClass.GONE, ReplyClass.INACTIVE, ReplyClass.OPT_OUT)


class ReplyRule(Table):
    """What a server means by some words. The first rule that fits counts; one's own come before the program's."""

    name: Annotated[str, Field(max_length=50, pattern="^[a-z][a-z0-9-]*$")] = Field(
        description="its handle, shown by `mailer bounces explain`; a-z, 0-9 and -"
    )
    words: tuple[Annotated[str, AfterValidator(_check_phrase)], ...] = Field(
        default=(),
        description="phrases, any of which may stand in the reply; case and the width of signs are no matter",
    )
    match: Annotated[str, AfterValidator(_check_pattern)] = Field(
        default="", description="or a regular expression, case-blind, searched in the enhanced code and the text"
    )
    codes: tuple[Annotated[str, AfterValidator(_check_code)], ...] = Field(
        default=(), description='reply codes it is for, or how they begin, such as "550" or "4"; empty: any'
    )
    domains: tuple[Annotated[str, AfterValidator(_check_domain)], ...] = Field(
        default=(), description="recipients' domains it is for, and those below them; empty: any"
    )
    reply_class: ReplyClass = Field(alias="class", description="what the reply is about; see docs/replies.md")
    action: Action = Field(description="what follows; see docs/replies.md")
    after_issues: Annotated[int, Field(ge=0, le=100)] = Field(
        default=0, description="for suppress_after: after how many issues in a row the address is suppressed"
    )
    retry_after_s: Annotated[int, Field(ge=0, le=86400)] = Field(
        default=0, description="shortest wait before the next try, in seconds; 0: as usual for the class"
    )
    permanent: bool | None = Field(
        default=None, description="whether trying again is of no use; not written: by class and code. A 4yz never is"
    )
    meaning: Line = Field(default="", description="one sentence for people; empty: that of the class")

    @model_validator(mode="after")
    def _check(self) -> "ReplyRule":
        if not self.words and not self.match:
            raise CurableError(_("the rule fits no reply"), _("add words or match"))
        if (self.action is Action.SUPPRESS_AFTER) != (self.after_issues > 0):
            raise CurableError(
                _("wrong value"), _("suppress_after needs after_issues, the other actions have none"), ("after_issues",)
            )
        if self.action is Action.SUPPRESS and self.reply_class not in _OF_THE_READER:
            names = ", ".join(_OF_THE_READER)
            cure = _("suppress goes with these classes: {names}; others take suppress_after").format(names=names)
            raise CurableError(_("wrong value"), cure, ("action",))
        return self


class RepliesConfig(Table):
    """What replies mean, beyond what the program knows."""

    rules: tuple[ReplyRule, ...] = Field(default=(), description="rules of one's own, asked in this order")

    @model_validator(mode="after")
    def _check(self) -> "RepliesConfig":
        names = [rule.name for rule in self.rules]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise CurableError(
                    _("two rules have this name"), _("give each its own"), ("rules", str(number), "name")
                )
        return self
