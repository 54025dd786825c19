"""The table that says how an issue is signed off."""

from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from mailer.config.values import CurableError, Line, Table
from mailer.i18n import _
from mailer.model.approval import ApprovalRules, Step
from mailer.model.people import fold_name

LONGEST_NAME = 40


def _check_name(value: str) -> str:
    if not value.strip() or len(value) > LONGEST_NAME:
        cure = _("write a name of 1 to {n} characters").format(n=LONGEST_NAME)
        raise CurableError(_("this name cannot be used"), cure)
    return value.strip()


StepName = Annotated[Line, AfterValidator(_check_name)]


class StepConfig(Table):
    """A step of approval. Names alone will do: `steps = ["核稿", "签发"]`. The default is `steps = ["签发"]`."""

    name: StepName = Field(description="what the step is called, such as 核稿 or 签发")
    by: tuple[StepName, ...] = Field(
        default=(),
        description="who may give it: roles (editor, approver, sender, admin) or users by name; empty: any approver",
    )


def _from_names(values: object) -> object:
    if not isinstance(values, list | tuple):
        return values
    return [{"name": value} if isinstance(value, str) else value for value in values]


class ApprovalConfig(Table):
    """How an issue is signed off before it may be sent."""

    steps: Annotated[tuple[StepConfig, ...], BeforeValidator(_from_names)] = (StepConfig(name="签发"),)
    four_eyes: bool = Field(
        default=False, description="whether each step is by another person, and none by who submitted the issue"
    )
    audience_drift: Annotated[float, Field(ge=0, le=100)] = Field(
        default=0.10,
        description="a mailing is held when a list has grown or shrunk by more than this part since the approval, and "
        "by more than five readers; 0.10 is a tenth",
    )

    @model_validator(mode="after")
    def _check(self) -> "ApprovalConfig":
        if not self.steps:
            raise CurableError(_("no step is left"), _("write at least one, or leave the key out"), ("steps",))
        names = [fold_name(step.name) for step in self.steps]
        for number, name in enumerate(names):
            if name in names[:number]:
                raise CurableError(
                    _("two steps have this name"), _("give each its own"), ("steps", str(number), "name")
                )
        return self

    @property
    def rules(self) -> ApprovalRules:
        """What a submission made now is bound to."""
        return ApprovalRules(tuple(Step(one.name, one.by) for one in self.steps), self.four_eyes)
