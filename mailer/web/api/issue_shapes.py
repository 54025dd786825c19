"""Issues as the API gives and takes them."""

from typing import Annotated

from pydantic import BaseModel, Field

from mailer.web.api.shapes import Slug, Taken


class IssueShape(BaseModel):
    """An issue. wrong: why its text cannot be read."""

    slug: str
    title: str
    label: str
    date: str | None
    status: str
    wrong: str


class IssueText(BaseModel):
    """The text of an issue; digest names this state of its folder."""

    slug: str
    text: str
    digest: str
    files: list[str]


Text = Annotated[str, Field(min_length=1, max_length=500_000, description="of issue.md, with its front matter")]


class IssueOrder(Taken):
    """A new issue."""

    slug: Slug
    text: Text


class IssueChange(Taken):
    """Another text for an issue. digest: of the state that was edited."""

    text: Text
    digest: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class FindingShape(BaseModel):
    """One finding of the preflight."""

    severity: str
    place: str
    text: str
    cure: str


class Rendering(BaseModel):
    """How an issue looks to a reader of a list."""

    subject: str
    html: str
    text: str
    findings: list[FindingShape]
