"""Issues: the shelf, writing with a preview beside it, files, versions, proof, submission, steps of approval."""

import asyncio
import tempfile
from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from starlette.exceptions import HTTPException

from mailer.app.drafts import Draft
from mailer.errors import MailerError, UsageError
from mailer.i18n import _, ngettext
from mailer.model.delivery import IssueStatus
from mailer.model.people import Right
from mailer.model.proof import ProofOutcome
from mailer.model.report import Finding, Severity
from mailer.web.console.changes import compare_texts
from mailer.web.console.cures import say_error, say_here
from mailer.web.console.desk import MAX_UPLOAD, PREVIEW_HEADERS, Desk, Visit
from mailer.web.console.frame import draw_error, show_time

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
    desk.act("/issues/{slug}/proof", Right.PROOF)(mail_proof)
    desk.act("/issues/{slug}/submit", Right.SUBMIT)(submit)
    desk.act("/issues/{slug}/approve", Right.APPROVE)(approve)
    desk.act("/issues/{slug}/return", Right.RETURN)(send_back)


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
        lists=house.config.lists_in_order(),
        shown=visit.ask("list") or next(iter(house.config.lists), ""),
        proofs=house.proofs.sent(slug),
        proof_to=", ".join(house.config.proof.to),
        mailings=[one for one in house.mailings.newest() if one.issue_slug == slug],
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
    given = {"settled": None, "version": "", **values}
    lists = visit.house.config.lists_in_order()
    return visit.page("editor.html.j2", draft=draft, text=text, lists=lists, files=draft.files, **given)


def save_text(visit: Visit, slug: str) -> Response:
    """Write the text, joined with what somebody else has saved meanwhile; with htmx the page stays."""
    house = visit.house
    settled = house.drafts.settle(slug, str(visit.form.get("text", "")), visit.text("digest"), visit.by)
    if visit.is_part:
        saved_at = f"{house.now().astimezone(house.config.zone):%H:%M}"
        response = visit.piece("editor_saved.html.j2", draft=settled.draft, settled=settled, saved_at=saved_at)
        response.headers["HX-Retarget"] = "#saved"
        return response
    if settled.conflicts:
        return _editor(visit, settled.draft, settled.text, settled=settled)
    return visit.go(f"/issues/{slug}/edit", _("Saved."))


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
    old = submitted if chosen == "submitted" else house.drafts.version(slug, chosen) if chosen else None
    return visit.page(
        "versions.html.j2",
        issue=house.drafts.glance(slug),
        versions=house.drafts.versions(slug),
        has_submitted=submitted is not None,
        chosen=chosen,
        changes=compare_texts(old, now) if old is not None else [],
    )


def mail_proof(visit: Visit, slug: str) -> Response:
    """Mail the issue to staff."""
    house = visit.house
    to = [
        one
        for one in visit.text("to").replace("，", ",").replace(";", ",").replace("；", ",").split(",")
        if one.strip()
    ]
    shown = house.proofs.prepare(slug, visit.texts("list"))
    copies = asyncio.run(house.proofs.mail(shown, to, visit.by))
    good = sum(one.outcome is ProofOutcome.ACCEPTED for one in copies)
    bad = next((one for one in copies if one.outcome is not ProofOutcome.ACCEPTED), None)
    if bad is not None:
        sentence = _("{good} of {all} proofs were accepted; {address}: {reply}").format(
            good=good, all=len(copies), address=bad.address, reply=bad.reply
        )
        return visit.go(f"/issues/{slug}", sentence, "warning")
    return visit.go(
        f"/issues/{slug}", ngettext("{n} proof is on its way.", "{n} proofs are on their way.", good).format(n=good)
    )


def submit(visit: Visit, slug: str) -> Response:
    """Submit the issue for approval."""
    visit.house.approvals.submit(slug, visit.by, visit.texts("list"), visit.text("opinion"))
    return visit.go(f"/issues/{slug}", _("Issue {slug} is submitted.").format(slug=slug))


def approve(visit: Visit, slug: str) -> Response:
    """Give the next step of approval."""
    done = visit.house.approvals.approve(slug, visit.by, visit.text("opinion"))
    if done.approval.next_step is None:
        return visit.go(f"/issues/{slug}", _("Issue {slug} is approved; it can be sent now.").format(slug=slug))
    return visit.go(
        f"/issues/{slug}", _("Your step is given; the next is {step}.").format(step=done.approval.next_step.name)
    )


def send_back(visit: Visit, slug: str) -> Response:
    """Return the issue to its author."""
    visit.house.approvals.send_back(slug, visit.by, visit.text("opinion"))
    return visit.go(f"/issues/{slug}", _("Issue {slug} is returned to its author.").format(slug=slug))
