"""Issues over the API: listed, written, rendered, checked."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from mailer.model.api_token import Scope
from mailer.model.report import Finding
from mailer.web.api.caller import Caller
from mailer.web.api.cures import say_cure, say_detail
from mailer.web.api.cursors import Limit
from mailer.web.api.issue_shapes import FindingShape, IssueChange, IssueOrder, IssueShape, IssueText, Rendering
from mailer.web.api.problems import CONFLICT
from mailer.web.api.shapes import PLAIN, SLUG

Name = Annotated[str, Path(max_length=64, pattern=SLUG)]


def add_issues(router: APIRouter, scope: Any) -> None:
    """Add the routes of issues."""
    reading, writing = scope(Scope.ISSUES_READ), scope(Scope.ISSUES_WRITE)

    @router.get("/issues", tags=["issues"])
    def show_issues(
        caller: Caller = reading,
        after: Annotated[str, Query(max_length=64, pattern="^$|" + SLUG, description="a slug; empty: the newest")] = "",
        limit: Limit = 50,
    ) -> list[IssueShape]:
        """Issues by name, the newest first, those after a slug; ask on with the last of them."""
        return [
            IssueShape(
                slug=one.slug, title=one.title, label=one.label, date=one.day.isoformat() if one.day else None,
                status=one.status.value, wrong=one.wrong,
            )
            for one in caller.house.drafts.shelf(limit, after)
        ]  # fmt: skip

    @router.post("/issues", status_code=201, responses=CONFLICT, tags=["issues"])
    def write_issue(order: IssueOrder, caller: Caller = writing) -> IssueText:
        """Make an issue from its text; 409 where there is one of that name."""
        return _text(caller.house.drafts.create(order.slug, order.text, caller.by))

    @router.get("/issues/{slug}", tags=["issues"])
    def show_issue(slug: Name, caller: Caller = reading) -> IssueText:
        """The text of an issue."""
        return _text(caller.house.drafts.open(slug))

    @router.put("/issues/{slug}", responses=CONFLICT, tags=["issues"])
    def change_issue(slug: Name, change: IssueChange, caller: Caller = writing) -> IssueText:
        """Write another text; 409 where the issue is not what `digest` names any more. The former text is kept."""
        return _text(caller.house.drafts.save(slug, change.text, change.digest, caller.by))

    @router.get("/issues/{slug}/rendering", responses=CONFLICT, tags=["issues"])
    def render_issue(
        slug: Name,
        on: Annotated[str, Query(alias="list", min_length=1, max_length=32, pattern=PLAIN)],
        caller: Caller = reading,
    ) -> Rendering:
        """How the issue looks to a reader of a list, with what the preflight says."""
        (name,) = caller.house.lists.choose([on])
        look = caller.house.drafts.look(slug, name)
        return Rendering(
            subject=look.subject, html=look.html, text=look.text, findings=[_finding(one) for one in look.findings]
        )

    @router.get("/issues/{slug}/checks", responses=CONFLICT, tags=["issues"])
    def check_issue(slug: Name, caller: Caller = reading) -> list[FindingShape]:
        """The preflight over all lists."""
        return [_finding(one) for one in caller.house.drafts.check(slug)]


def _text(draft: Any) -> IssueText:
    return IssueText(slug=draft.slug, text=draft.text, digest=draft.digest, files=[one.name for one in draft.files])


def _finding(one: Finding) -> FindingShape:
    return FindingShape(
        severity=one.severity.value, place=one.place, text=say_detail(one.text), cure=say_cure(one.cure)
    )
