"""What to do about a refusal, as a program is told it: the house names commands, a program has routes.

Cures that name a command, an option or a page have a form of their own here, by their message; those without one are
left out, as nothing here can follow them.
"""

from collections.abc import Mapping

from mailer.i18n import N_, Sentence, _
from mailer.web.console.cures import COMMANDS, say_here

_MAILING = N_("GET /mailings/{id} shows where it stands")
_TO_CONTACT = N_("GET /contacts/{address} says how it stands")
_SUBSCRIBE = N_("once a consent is on record, POST /contacts/{address}/subscriptions")
_APPROVAL = N_("approval is for persons, in the console")
_LISTS = N_("GET /lists names the lists")

CURES: Mapping[str, str] = {
    "copy your text, load the page anew, and put your changes into the newer text": N_(
        "read the issue again and put your changes into the newer text, with its digest"
    ),
    "`mailer status` lists them; or say `last`": N_("GET /mailings lists them"),
    "`mailer status {id}` shows where it stands": _MAILING,
    "`mailer status {id}` shows what became of it": _MAILING,
    "`mailer pause {id}` or `mailer hold {id}` stops it; `mailer cancel {id}` ends it": N_(
        "pause, hold or cancel it by POST /mailings/{id}/…"
    ),
    "`mailer cancel {id}`; once it is approved anew, `mailer send {issue}` goes to the rest": N_(
        "cancel it; once the issue is approved anew, POST /mailings sends it to the rest"
    ),
    "`mailer send {issue}` plans those whom the issue has not reached": N_(
        "POST /mailings plans those whom the issue has not reached"
    ),
    "`mailer submit {slug} --as NAME` comes first": _APPROVAL,
    "`mailer submit {slug} --as NAME` submits it as it looks now": _APPROVAL,
    "`mailer submit {slug} --as NAME`": _APPROVAL,
    "look at `mailer approvals {slug}`": _APPROVAL,
    "the step {step} is missing: `mailer approve {slug} --as NAME`": N_(
        "the step {step} is missing; approval is for persons, in the console"
    ),
    "look at it and run `mailer approve {slug} --as NAME`": _APPROVAL,
    "it is for: {names}; `mailer submit` submits it for other lists": N_(
        "it is for: {names}; for other lists a person submits it anew, in the console"
    ),
    "`mailer check {slug}` lists them all": N_("GET /issues/{slug}/checks lists them all"),
    "none yet; `mailer import FILE`": N_("none yet; POST /issues makes one"),
    "leave --list out: a correction goes to those who have the issue": N_(
        "name the lists whose readers have the issue: a correction goes to them"
    ),
    '--reason "…"': N_("give a reason"),
    '--reason "…", at most 500 characters': N_("give a reason, of 500 characters at most"),
    "edit the sheet and run `mailer lists sync`; or take `file` out of [lists.{name}]": N_(
        "a person edits the sheet and syncs the lists"
    ),
    "correct the row in the sheet, then `mailer lists sync`": N_("a person corrects the sheet and syncs the lists"),
    "write the row in the sheet; `mailer lists sync` reads it": N_(
        "a person writes it in the sheet and syncs the lists"
    ),
    "`mailer contacts import FILE --list {name}` brings contacts onto it": N_(
        "POST /contacts/bulk brings contacts onto it"
    ),
    "`mailer contacts list --find TEXT` looks for a part of a name or address": N_(
        "GET /contacts?q=… looks for a part of a name or address"
    ),
    "`mailer contacts imports` names them": N_("GET /imports names them"),
    "`mailer contacts show {address}` says on which it is": _TO_CONTACT,
    "no mail was sent; `mailer contacts show {address}` says since when": _TO_CONTACT,
    "no mail was sent; `mailer suppressions lift` where the address is known to be good": N_(
        "where the address is known to be good, POST /suppressions/lift"
    ),
    "once their consent is on record: `mailer contacts join {address} --list … --source …`": _SUBSCRIBE,
    "only the person’s own consent brings them back: --basis consent, and --source says where it is": N_(
        "only the person’s own consent brings them back: basis consent, and source says where it is"
    ),
    '--source "letter of 2026-03-02"': N_("say in source where it is on record, such as: letter of 2 March 2026"),
    "--name, --title, --organisation, --city, --phone …": N_("change at least one field"),
    "see that it is written as in its sheet; `mailer suppressions add` keeps mail from an address that nobody has": N_(
        "see that it is written rightly; POST /suppressions keeps mail from an address that nobody has"
    ),
    "`mailer suppressions list` says why": N_("GET /suppressions says why"),
    "look it up in the sheets; `mailer lists` names them": _LISTS,
    "`mailer lists sync` reads the sheets; or leave --for out for a made-up reader": N_(
        "a person syncs the lists with their sheets"
    ),
    "nobody may yet: an admin gives a role by `mailer user change NAME --role ROLE`": N_(
        "nobody may yet: an administrator gives somebody the role"
    ),
    "an admin may `mailer user enable` it": N_("an administrator may enable it"),
}  # by the message of the catalogue, so in every language


def say_cure(words: str) -> str:
    """Return a cure as a program may follow it; empty for one that only a person at a machine can."""
    if not isinstance(words, Sentence):
        return "" if COMMANDS.search(words) else words
    values = {name: _inner(value) for name, value in words.values.items()}
    own = CURES.get(words.message)
    if own is None and COMMANDS.search(words.message):
        return ""
    said = _(own or words.message)
    return said.format(**values) if values else str(said)


def say_detail(words: str) -> str:
    """Return what is wrong, without the command line's words."""
    return say_cure(words) or say_here(words).words


def _inner(value: object) -> object:
    return say_detail(value) if isinstance(value, Sentence) else value
