"""What to do about a refusal, as the console does it: the house names commands, a clerk has pages.

The house's errors carry their cure in the words of the command line. Those that name a command, an option or a
variable have a form of their own here, by their message; a test goes over all of them. Others are said as they are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from mailer.errors import MailerError
from mailer.i18n import N_, Sentence, _

COMMANDS = re.compile(r"`mailer |(?<![\w-])--[a-z]|\bMAILER_[A-Z]|-C DIR")  # what only the command line knows


@dataclass(frozen=True, slots=True)
class Here:
    """A cure in the console. path: the page where it is done; both may use the names of the message. Empty: nothing."""

    words: str
    path: str = ""


@dataclass(frozen=True, slots=True)
class Cure:
    """A cure as a page shows it; path: of the page where it is done, empty where there is none."""

    words: str
    path: str = ""

    def __str__(self) -> str:
        return self.words


_ISSUE = "/issues/{slug}"
_MAILING = "/mailings/{id}"
_TO_SHEETS = Here(N_("look it up in the sheets of the lists"), "/lists")
_SYNC = Here(N_("write the row in the sheet, then sync the lists"), "/lists?look=sync")
_SEND_REST = Here(N_("send the issue again: it goes to those whom it has not reached"), "/mailings/new?issue={issue}")
_WHERE_IT_STANDS = Here(N_("its page shows where it stands"), _MAILING)
_REASON = Here(N_("fill in the reason"))
_LOG_IN = Here(N_("log in anew"), "/login")
_USERS = Here(N_("an administrator does it on the page of the users"), "/users")

CURES: Mapping[str, Here] = {
    # issues and their approval
    "`mailer submit {slug} --as NAME` comes first": Here(N_("it is submitted first"), _ISSUE),
    "`mailer submit {slug} --as NAME` submits it as it looks now": Here(N_("submit it anew, as it looks now"), _ISSUE),
    "`mailer submit {slug} --as NAME`": Here(N_("submit it"), _ISSUE),
    "`mailer check {slug}` lists them all": Here(N_("the issue's page lists them all"), _ISSUE),
    "look at `mailer approvals {slug}`": Here(N_("the issue's page shows how its approval stands"), _ISSUE),
    "the step {step} is missing: `mailer approve {slug} --as NAME`": Here(N_("the step {step} is missing"), _ISSUE),
    "look at it and run `mailer approve {slug} --as NAME`": Here(N_("look at it and approve it"), _ISSUE),
    "it is for: {names}; `mailer submit` submits it for other lists": Here(
        N_("it is for: {names}; for other lists it is submitted anew"), "/issues"
    ),
    "none yet; `mailer import FILE`": Here(N_("none yet; upload the Word file of one"), "/issues"),
    "make one with `mailer import FILE`, or check the name": Here(
        N_("upload the Word file of it, or choose another one"), "/issues"
    ),
    "begin with `mailer import FILE`; the next is made from it": Here(
        N_("upload the Word file of one first; the next is made from it"), "/issues"
    ),
    "name the new one with --slug": Here(N_("write the name of the new one")),
    "name the folder with --slug": Here(N_("fill in the name of the issue, such as 2020-08")),
    "give the new one another name with --slug, or replace the old one with --replace": Here(
        N_("write another name for it, or tick that it replaces the old one")
    ),
    "write that one; or give --date or --number for one after it": Here(N_("write that one first"), "/issues"),
    "put it back, or name another with --from": Here(N_("ask whoever looks after the machine to put it back")),
    "leave --number and --date out, or correct issues/{slug}/issue.md": Here(
        N_("correct the number or date in its text"), "/issues/{slug}/edit"
    ),
    "say --to ADDR, or set `to` under [proof] in config.toml": Here(N_("write to whom it goes")),
    "what goes to more is a mailing: approve it and `mailer send` it to a list": Here(
        N_("what goes to more is a mailing: have it approved and send it to a list")
    ),
    "`mailer lists sync` reads the sheets; or leave --for out for a made-up reader": Here(
        N_("sync the lists with their sheets"), "/lists?look=sync"
    ),
    "--opinion TEXT": Here(N_("write why")),
    # mailings
    "`mailer status` lists them; or say `last`": Here(N_("all mailings are listed here"), "/mailings"),
    "`mailer status {id}` shows where it stands": _WHERE_IT_STANDS,
    "`mailer status {id}` shows what became of it": Here(N_("its page shows what became of it"), _MAILING),
    "`mailer cancel {id}`; once it is approved anew, `mailer send {issue}` goes to the rest": Here(
        N_("cancel it; once the issue is approved anew, send it to the rest"), _MAILING
    ),
    "`mailer pause {id}` or `mailer hold {id}` stops it; `mailer cancel {id}` ends it": Here(
        N_("its page has buttons that pause, hold or cancel it"), _MAILING
    ),
    "`mailer send {issue}` plans those whom the issue has not reached": _SEND_REST,
    "`mailer send {slug}` sends it to everyone": Here(N_("send it to everyone"), "/mailings/new?issue={slug}"),
    "`mailer status {slug}` shows whom it reached; `mailer retry` has refused ones again": Here(
        N_("its mailings show whom it reached; their button “Send again” has refused ones again"), "/mailings"
    ),
    "`mailer why {id} {address}` tells what is known of it": Here(
        N_("look at what is known of it"), "/mailings/{id}/why?address={address}"
    ),
    "follow it with `mailer status`, or stop `mailer serve` first": Here(
        N_("its page shows how far it is"), "/mailings"
    ),
    "leave --list out: a correction goes to those who have the issue": Here(
        N_("choose no list: a correction goes to those who have the issue")
    ),
    "--refused, --expired, --uncertain, or addresses, or both": Here(
        N_("tick which copies are sent again, or write addresses")
    ),
    '--reason "…"': _REASON,
    "it is due, and goes when its turn comes; a sender must run (`mailer serve`)": Here(
        N_("it is due, and goes when its turn comes")
    ),
    "not planned: it came to the list after the mailing had started; `mailer send` sends what is missing": Here(
        N_("not planned: it came to the list after the mailing had started; send the issue again for what is missing")
    ),
    # contacts, lists, suppressions
    "look it up in the sheets; `mailer lists` names them": _TO_SHEETS,
    "write the row in the sheet; `mailer lists sync` reads it": _SYNC,
    "correct the row in the sheet, then `mailer lists sync`": Here(
        N_("correct the row in the sheet, then sync the lists"), "/lists?look=sync"
    ),
    "edit the sheet and run `mailer lists sync`; or take `file` out of [lists.{name}]": Here(
        N_("edit the sheet, then sync the lists"), "/lists?look=sync"
    ),
    'write joining = "invite" in [lists.{name}]; or `mailer contacts join ADDR --list {name}`': Here(
        N_("nobody is invited to this list: put the reader on it, with where the consent is on record"), "/contacts"
    ),
    "put the rows back; or, if it is meant: `mailer lists sync --shrink`": Here(
        N_("put the rows back; or, if it is meant, tick that the list may lose many readers"), "/lists?look=sync"
    ),
    "`mailer contacts import FILE --list {name}` brings contacts onto it": Here(
        N_("import a sheet: it brings contacts onto the list"), "/imports"
    ),
    "`mailer contacts list --find TEXT` looks for a part of a name or address": Here(
        N_("search for a part of a name or address"), "/contacts"
    ),
    "`mailer contacts imports` names them": Here(N_("all imports are listed here"), "/imports"),
    '--source "letter of 2026-03-02"': Here(N_("write where it is on record, such as: letter of 2 March 2026")),
    "--name, --title, --organisation, --city, --phone …": Here(N_("change at least one field")),
    "leave --sheet out, or name a workbook": Here(N_("choose a workbook")),
    "head the column of e-mail addresses 邮箱 or email; or name it: --map HEADING=address": Here(
        N_("head the column of e-mail addresses 邮箱 or email, and choose the sheet again"), "/imports"
    ),
    "only the person’s own consent brings them back: --basis consent, and --source says where it is": Here(
        N_("only the person’s own consent brings them back: choose it as the basis, and write where it is on record")
    ),
    "no mail was sent; `mailer suppressions lift` where the address is known to be good": Here(
        N_("no mail was sent; where the address is known to be good, lift its suppression"), "/suppressions"
    ),
    "no mail was sent; `mailer contacts show {address}` says since when": Here(
        N_("no mail was sent; the contact’s page says since when"), "/contacts/show?address={address}"
    ),
    "once their consent is on record: `mailer contacts join {address} --list … --source …`": Here(
        N_("once their consent is on record, put them on the list"), "/contacts/show?address={address}"
    ),
    "see that it is written as in its sheet; "
    "`mailer suppressions add` keeps mail from an address that nobody has": Here(
        N_("see that it is written as in its sheet; a suppression keeps mail from an address that nobody has"),
        "/suppressions",
    ),
    "`mailer contacts show {address}` says on which it is": Here(
        N_("the contact’s page says on which it is"), "/contacts/show?address={address}"
    ),
    "`mailer suppressions list` says why": Here(N_("the suppressions say why"), "/suppressions"),
    "`mailer why MAILING {address}` says how it stands": Here(
        N_("look at how it stands"), "/contacts/show?address={address}"
    ),
    '--reason "…", at most 500 characters': Here(N_("fill in the reason, in 500 characters at most")),
    # persons and what they may
    "--as NAME": _LOG_IN,
    "--as NAME, or set MAILER_AS; `mailer user list` names them": _LOG_IN,
    "`mailer user list` names them; an admin adds one by `mailer user add`": _USERS,
    "an admin may `mailer user enable` it": Here(N_("an administrator may enable it"), "/users"),
    "nobody may yet: an admin gives a role by `mailer user change NAME --role ROLE`": Here(
        N_("nobody may yet: an administrator gives somebody the role"), "/users"
    ),
    "`mailer user change` changes roles": Here(N_("change that user's roles instead"), "/users"),
    "`mailer user list` names them": Here(N_("the page of the users names them"), "/users"),
    "add --role admin; the same person may have other roles too": Here(
        N_("tick the role of administrator; the same person may have other roles too")
    ),
    "--for WORDS --scope contacts:read": Here(N_("write what it is for, and tick what it may do")),
    "`mailer user token list` names them": Here(N_("the list of tokens names them")),
    # the house
    "`mailer audit list` shows all entries": Here(N_("here are all entries"), "/trail"),
    "give the one `mailer audit verify` printed, at least {n} characters of it": Here(
        N_("give the one the check has shown, at least {n} characters of it")
    ),
    "`mailer house` shows what it is": Here(N_("the settings show what it is"), "/settings"),
    "`mailer house` shows what is known; where no other copy sends, `mailer house confirm --as NAME`": Here(
        N_("nothing goes out until whoever looks after the machine has confirmed that no other copy of it sends")
    ),
    "`mailer dkim create` makes keys; not for a 163 or QQ mailbox.": Here(
        N_("Whoever looks after the machine makes the keys; a 163 or QQ mailbox needs none.")
    ),
    "Publish what `mailer dkim show` prints, and wait for the old to age.": Here(
        N_("Whoever looks after the machine publishes the key that signs, and waits for the old to age.")
    ),
    "`mailer user add NAME`": Here(N_("Register a second one."), "/users"),
    "Start `mailer serve` again.": Here(N_("Whoever looks after the machine starts the program again.")),
    "Start `mailer serve`, best as a service (`mailer serve --print-unit`).": Here(
        N_("Whoever looks after the machine has the program run all the time, best as a service.")
    ),
    "Mend what it complains of, then let it be tried again (page Relays, or `mailer resume`).": Here(
        N_("Mend what it complains of, then let it be tried again."), "/relays"
    ),
    # returned mail and relays
    "`mailer bounces list`": Here(N_("what is kept is listed here"), "/returned"),
    "`mailer contacts show {address}` names its copies": Here(
        N_("look at its copies"), "/contacts/show?address={address}"
    ),
    "set it or imap_host, or use `mailer bounces read FILE`": Here(
        N_("whoever looks after the machine sets where returned mail is read")
    ),
    "export {name} before the command starts, for `mailer serve` too; or use {key}": Here(
        N_("whoever looks after the machine sets {name} before the program starts, or uses {key}")
    ),
    "make a key with `mailer dkim create {selector}`": Here(N_("whoever looks after the machine makes the key anew")),
    "make a new one under a new selector with `mailer dkim create NAME`, and publish it": Here(
        N_("whoever looks after the machine makes a new key and publishes it")
    ),
}  # by the message of the catalogue, so in every language


def say_here(words: str) -> Cure:
    """Return a sentence of the house as the console says it."""
    if not isinstance(words, Sentence):
        return Cure(words)
    values = {name: _inner(value) for name, value in words.values.items()}
    here = CURES.get(words.message)
    if here is None:
        return Cure(_(words.message).format(**values) if values != dict(words.values) else words)
    path = here.path.format(**{name: quote(str(value)) for name, value in values.items()})
    return Cure(_(here.words).format(**values), path)


def _inner(value: object) -> object:
    return say_here(value).words if isinstance(value, Sentence) else value


def cure_of(error: MailerError) -> Cure:
    """Return what to do about an error, in the console's words."""
    return say_here(error.cure)


def say_error(error: MailerError) -> str:
    """Return what is wrong as a page says it: without names of options, and files without the folders above them."""
    parts = []
    if error.file is not None:
        name = Path(error.file).name
        parts.append(_("{file}, line {line}").format(file=name, line=error.line) if error.line is not None else name)
    if error.field and not error.field.startswith("--"):
        parts.append(error.field)
    return _(": ").join([*parts, error.message])
