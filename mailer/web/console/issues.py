"""Issues: the shelf, writing with a preview beside it, files, versions."""

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from mailer.app.drafts import Draft
from mailer.errors import MailerError, UsageError
from mailer.i18n import _
from mailer.model.approval import ApprovalRecord
from mailer.model.delivery import IssueStatus, MailingStatus
from mailer.model.people import Right
from mailer.model.report import Finding, Severity
from mailer.web.console.changes import compare_texts
from mailer.web.console.course import course_of, say_undone
from mailer.web.console.cures import say_error, say_here
from mailer.web.console.desk import MAX_UPLOAD, PREVIEW_HEADERS, Desk, Visit
from mailer.web.console.frame import draw_error, show_time
from mailer.web.console.sign_off import add_sign_off

SHELF = 24
DOCUMENTS = (".docx", ".doc", ".wps", ".rtf", ".odt", ".txt", ".md", ".html", ".htm")
SEVERITY_TONES = {Severity.ERROR: "danger", Severity.WARNING: "warning", Severity.NOTE: "info"}
PICTURE_KINDS = {
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}


def add_issues(desk: Desk) -> None:
    """Add the pages of issues."""
    desk.show("/issues")(show_shelf)
    desk.act("/issues/next", Right.WRITE)(begin_next)
    desk.act("/issues/upload", Right.WRITE, MAX_UPLOAD)(upload_document)
    desk.show("/issues/{slug}")(show_issue)
    desk.show("/issues/{slug}/edit", Right.WRITE)(show_editor)
    desk.act("/issues/{slug}/save", Right.WRITE)(save_text)
    desk.act("/issues/{slug}/look", Right.WRITE)(look_at_text)
    desk.show("/issues/{slug}/look/{key}", Right.WRITE)(show_look)
    desk.act("/issues/{slug}/files", Right.WRITE, MAX_UPLOAD)(add_files)
    desk.act("/issues/{slug}/files/remove", Right.WRITE)(remove_file)
    desk.show("/issues/{slug}/files/{name:path}")(show_file)
    desk.show("/issues/{slug}/preview/{list_name}")(show_preview)
    desk.show("/issues/{slug}/text/{list_name}")(show_text)
    desk.show("/issues/{slug}/versions")(show_versions)
    add_sign_off(desk)


def show_shelf(visit: Visit) -> Response:
    """All issues, the newest first."""
    after = visit.ask("after")
    found = visit.house.drafts.shelf(SHELF + 1, after)
    more = found[SHELF - 1].slug if len(found) > SHELF else ""
    return visit.page("issues.html.j2", issues=found[:SHELF], more=more, documents=",".join(DOCUMENTS))


def begin_next(visit: Visit) -> Response:
    """Make the folder of the next issue."""
    begun = visit.house.months.begin()
    done = _("Issue {slug} is begun, with the sections of {before}.").format(slug=begun.issue.slug, before=begun.before)
    return visit.go(f"/issues/{begun.issue.slug}/edit", done)


def upload_document(visit: Visit) -> Response:
    """Read a document into an issue's folder."""
    file = visit.file("document")
    if file is None:
        raise UsageError(_("no file was chosen"), cure=_("choose the Word file of the issue"))
    name = Path(file.filename or "document").name
    suffix = Path(name).suffix.lower()
    if suffix not in DOCUMENTS:
        raise UsageError(_("“{name}” is no document").format(name=name[:80]), cure=_("save it as .docx"))
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / f"{Path(name).stem[:80]}{suffix}"
        kept.write_bytes(file.file.read())
        issue, remarks = visit.house.issues.import_document(
            kept, visit.text("slug") or None, replace=visit.text("replace") == "yes"
        )
    for remark in remarks[:3]:
        visit.say(f"{remark.text} {say_here(remark.cure)}".strip(), "warning")
    return visit.go(f"/issues/{issue.slug}/edit", _("“{name}” was read. Look it through.").format(name=name))


def show_issue(visit: Visit, slug: str) -> Response:
    """One issue: where it stands, how it looks, what the preflight says, and what comes next."""
    house = visit.house
    glance = house.drafts.glance(slug)
    findings: tuple[Finding, ...] = ()
    rounds, wrong = None, None
    try:
        findings = house.drafts.check(slug)
        rounds = house.approvals.rounds(slug)
    except MailerError as error:
        wrong = draw_error(error.tell_from(house.home))
    current = next((one for one in rounds.records if one.voided is None), None) if rounds is not None else None
    return visit.page(
        "issue.html.j2",
        issue=glance,
        status_now=rounds.status if rounds is not None else glance.status,
        findings=findings,
        errors=sum(one.severity is Severity.ERROR for one in findings),
        tones=SEVERITY_TONES,
        wrong=wrong,
        rounds=rounds,
        current=current,
        returned=house.approvals.returned(slug),
        untouched=visit.may(Right.WRITE) and house.discards.may_be_discarded(slug),
        lists=house.config.lists_in_order(),
        readers={one.value.name: one.active for one in house.lists.count()},
        shown=visit.ask("list") or next(iter(house.config.lists), ""),
        proofs=house.proofs.sent(slug),
        proof_to=", ".join(house.config.proof.to),
        mailings=house.mailings.of_issue(slug),
        course=course_of(house, slug),
        draft=IssueStatus.DRAFT,
    )


def show_editor(visit: Visit, slug: str) -> Response:
    """The text, or a former one to be taken up again, and beside it how it looks."""
    drafts, name = visit.house.drafts, visit.ask("version")
    if not name:
        draft = drafts.open(slug)
        return _editor(visit, draft, draft.text)
    if name == "submitted":
        return _editor(visit, drafts.open(slug), drafts.submitted_text(slug) or "", version=_("as last submitted"))
    saved_at = {one.name: one.saved_at for one in drafts.versions(slug)}.get(name)
    version = show_time(saved_at, visit.house.config.zone)
    return _editor(visit, drafts.open(slug), drafts.version(slug, name), version=version)


def _editor(visit: Visit, draft: Draft, text: str, **values: Any) -> Response:
    house = visit.house
    undoes = house.approvals.standing(draft.slug)
    planned = [one for one in house.mailings.of_issue(draft.slug) if one.status is MailingStatus.SCHEDULED]
    return visit.page(
        "editor.html.j2",
        **{
            "draft": draft,
            "text": text,
            "lists": house.config.lists_in_order(),
            "files": draft.files,
            "returned": house.approvals.returned(draft.slug),
            "undoes": undoes,
            "undone": say_undone(undoes, planned, house.config.zone),
            "asked": False,
            "settled": None,
            "version": "",
            **values,
        },
    )


def save_text(visit: Visit, slug: str) -> Response:
    """Write the text, joined with what somebody else has saved meanwhile; with htmx the page stays."""
    house = visit.house
    text, undone = str(visit.form.get("text", "")), house.approvals.standing(slug)
    if undone is not None and visit.number(visit.text("undoes")) != undone.id:
        draft = house.drafts.open(slug)
        if text.replace("\r\n", "\n") != draft.text:
            return _ask_first(visit, draft, text, undone)
    settled = house.drafts.settle(slug, text, visit.text("digest"), visit.by)
    if visit.is_part:
        saved_at = f"{house.now().astimezone(house.config.zone):%H:%M}"
        left = house.approvals.standing(slug)
        response = visit.piece(
            "editor_saved.html.j2", draft=settled.draft, settled=settled, saved_at=saved_at, undoes=left, asked=False
        )
        response.headers["HX-Retarget"] = "#saved"
        return response
    if settled.conflicts:
        return _editor(visit, settled.draft, settled.text, settled=settled)
    return visit.go(f"/issues/{slug}/edit", _("Saved."))


def _ask_first(visit: Visit, draft: Draft, text: str, undone: ApprovalRecord) -> Response:
    """Save nothing yet: the issue was submitted or approved since the page was opened, and the page said nothing."""
    opened = replace(draft, digest=visit.text("digest"))
    if not visit.is_part:
        return _editor(visit, opened, text, asked=True)
    response = visit.piece(
        "editor_saved.html.j2",
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        draft=opened,
        settled=None,
        undoes=undone,
        asked=True,
    )
    response.headers["HX-Retarget"] = "#saved"
    return response


def look_at_text(visit: Visit, slug: str) -> Response:
    """How the text looks that is being written, and what the preflight says of it; nothing is saved."""
    list_name = visit.text("list")
    if list_name not in visit.house.config.lists:
        list_name = next(iter(visit.house.config.lists))
    text = str(visit.form.get("text", "")).replace("\r\n", "\n")
    try:
        look = visit.house.drafts.look(slug, list_name, text)
    except MailerError as error:
        return visit.piece("look_wrong.html.j2", error=error.tell_from(visit.house.home))
    address = f"/issues/{slug}/look/{visit.keep(look.html)}"
    return visit.piece("look.html.j2", look=look, address=address, tones=SEVERITY_TONES, view=visit.text("view"))


def show_look(visit: Visit, slug: str, key: str) -> Response:
    """The mail of a text that is being written: as a document of its own, for a frame's own would keep our rules."""
    html = visit.kept(key)
    if html is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return HTMLResponse(html, headers=PREVIEW_HEADERS)


def add_files(visit: Visit, slug: str) -> Response:
    """Put pictures and attachments into the folder."""
    files = [one for one in visit.form.getlist("file") if not isinstance(one, str) and one.filename]
    if not files:
        raise UsageError(_("no file was chosen"))
    names = [visit.house.drafts.add_file(slug, one.filename or "", one.file.read(), visit.by) for one in files]
    if visit.is_part:
        return _files(visit, slug, _("Uploaded: {names}").format(names=_(", ").join(names)), names)
    return visit.go(f"/issues/{slug}/edit", _("Uploaded: {names}").format(names=_(", ").join(names)))


def _files(visit: Visit, slug: str, done: str, added: Sequence[str] = ()) -> Response:
    """The card of files, with what was done to them; the page and the text in it stay."""
    draft = visit.house.drafts.open(slug)
    new = [one for one in draft.files if one.name in added]
    response = visit.piece("editor_files.html.j2", draft=draft, files=draft.files, done=done, added=new)
    response.headers.update({"HX-Retarget": "#files", "HX-Reswap": "innerHTML"})
    return response


def remove_file(visit: Visit, slug: str) -> Response:
    """Take a file out of the folder."""
    name = visit.text("name")
    visit.house.drafts.remove_file(slug, name, visit.by)
    done = _("{name} was taken out; it is kept with the versions.").format(name=name)
    return _files(visit, slug, done) if visit.is_part else visit.go(f"/issues/{slug}/edit", done)


def show_file(visit: Visit, slug: str, name: str) -> Response:
    """A picture of an issue; anything else is only downloaded."""
    content = visit.house.drafts.read_file(slug, name)
    kind = PICTURE_KINDS.get(name.rpartition(".")[2].lower())
    headers = {**PREVIEW_HEADERS, "Content-Disposition": "inline" if kind else "attachment"}
    return Response(content, media_type=kind or "application/octet-stream", headers=headers)


def show_preview(visit: Visit, slug: str, list_name: str) -> Response:
    """The mail itself, as its own document without any right."""
    return HTMLResponse(_look(visit, slug, list_name)[0], headers=PREVIEW_HEADERS)


def show_text(visit: Visit, slug: str, list_name: str) -> Response:
    """The plain text of the mail."""
    return PlainTextResponse(_look(visit, slug, list_name)[1], headers=PREVIEW_HEADERS)


def _look(visit: Visit, slug: str, list_name: str) -> tuple[str, str]:
    try:
        look = visit.house.drafts.look(slug, visit.house.lists.choose([list_name])[0])
    except MailerError as error:
        return str(draw_error(error)), say_error(error.tell_from(visit.house.home))
    return look.html, look.text


def show_versions(visit: Visit, slug: str) -> Response:
    """Texts that were saved or submitted, and how the present one differs from one of them."""
    house = visit.house
    now = house.drafts.open(slug).text
    chosen = visit.ask("version")
    submitted = house.drafts.submitted_text(slug)
    versions = house.drafts.versions(slug)
    newest = versions[0].name if versions else ""
    old = submitted if chosen == "submitted" else house.drafts.version(slug, chosen) if chosen else None
    return visit.page(
        "versions.html.j2",
        issue=house.drafts.glance(slug),
        versions=versions,
        authors=house.drafts.authors(slug),
        current_version=newest if newest and house.drafts.version(slug, newest) == now else "",
        has_submitted=submitted is not None,
        chosen=chosen,
        changes=compare_texts(old, now) if old is not None else [],
    )
