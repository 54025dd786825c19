"""Words for the audit trail: who, what, with which details."""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType

from mailer.i18n import N_, _
from mailer.model.audit import Act, AuditEntry, AuditFault
from mailer.model.delivery import DeliveryStatus
from mailer.model.people import PROGRAM, Actor, UserRole
from mailer.model.report_words import HAND_WORDS
from mailer.model.words import ISSUE_WORDS, ROLE_WORDS, STATUS_WORDS

EMPTY: Mapping[str, str] = MappingProxyType({})
ACT_WORDS: dict[Act, str] = {
    Act.WRITE: N_("written"),
    Act.SUBMIT: N_("submitted"),
    Act.APPROVE: N_("step given"),
    Act.RETURN: N_("returned"),
    Act.WITHDRAW: N_("withdrawn"),
    Act.DISCARD: N_("discarded"),
    Act.VOID: N_("approval void"),
    Act.SCHEDULE: N_("planned for its time"),
    Act.START: N_("started"),
    Act.RESCHEDULE: N_("planned for another time"),
    Act.HOLD: N_("held"),
    Act.RELEASE: N_("released"),
    Act.PAUSE: N_("paused"),
    Act.RESUME: N_("resumed"),
    Act.CANCEL: N_("cancelled"),
    Act.FINISH: N_("finished"),
    Act.REOPEN: N_("running again"),
    Act.SEND_AGAIN: N_("copies again"),
    Act.CORRECT: N_("corrected"),
    Act.PROOF: N_("proof sent"),
    Act.ACCEPT_AUDIENCE: N_("numbers accepted"),
    Act.ADD_USER: N_("registered"),
    Act.CHANGE_USER: N_("changed"),
    Act.DISABLE_USER: N_("disabled"),
    Act.ENABLE_USER: N_("enabled"),
    Act.SUPPRESS: N_("address suppressed"),
    Act.LIFT: N_("suppression lifted"),
    Act.CLOSE_RETURNED: N_("dealt with"),
    Act.TIE_RETURNED: N_("tied to a copy by hand"),
    Act.REOPEN_RETURNED: N_("waits again"),
    Act.IMPORT_CONTACTS: N_("contacts imported"),
    Act.UNDO_IMPORT: N_("import undone"),
    Act.SYNC_LIST: N_("follows its sheet"),
    Act.EXPORT_CONTACTS: N_("contacts exported"),
    Act.JOIN: N_("put on a list"),
    Act.INVITE: N_("asked to confirm"),
    Act.LEAVE: N_("taken off lists"),
    Act.CHANGE_CONTACT: N_("contact corrected"),
    Act.EXPORT_PERSON: N_("all data of a person handed out"),
    Act.ERASE_PERSON: N_("person erased"),
    Act.RETAIN: N_("old data cleared"),
    Act.CONFIRM: N_("house confirmed"),
    Act.TEST_NOTICES: N_("notices tested"),
    Act.TEST_RELAY: N_("tested"),
    Act.ADD_TOKEN: N_("API token made"),
    Act.REVOKE_TOKEN: N_("API token revoked"),
    Act.SET_PASSWORD: N_("password set"),
    Act.END_SESSIONS: N_("logged out everywhere"),
    Act.SET_SECOND_FACTOR: N_("second factor set"),
    Act.END_SECOND_FACTOR: N_("second factor taken away"),
    Act.USE_RECOVERY_CODE: N_("recovery code used"),
    Act.LOCK_OUT: N_("too many log-ins failed"),
    Act.BIND_IDENTITY: N_("first log-in by OpenID Connect"),
}
SUBJECT_WORDS = {
    "issue": N_("issue {name}"),
    "mailing": N_("mailing {name}"),
    "user": N_("user {name}"),
    "address": N_("address {name}"),
    "import": N_("import {name}"),
    "list": N_("list {name}"),
    "relay": N_("relay {name}"),
    "returned": N_("returned mail {name}"),
}
DETAIL_WORDS = {
    "added": N_("came"),
    "answer": N_("answer"),
    "addresses": N_("number of addresses"),
    "again": N_("reason for sending again"),
    "approval": N_("approval no."),
    "at": N_("time"),
    "basis": N_("basis"),
    "changed": N_("changed"),
    "copies": N_("copies"),
    "counts": N_("of which"),
    "everywhere": N_("off every list"),
    "correction": N_("correction"),
    "deliveries": N_("copies"),
    "ended": N_("sessions ended"),
    "failures": N_("failed attempts"),
    "fields": N_("fields"),
    "file": N_("file"),
    "four_eyes": N_("two pairs of eyes"),
    "joined": N_("joined"),
    "kept": N_("kept"),
    "kept_out": N_("kept out"),
    "left": N_("codes left"),
    "list": N_("list"),
    "lists": N_("lists"),
    "meaning": N_("meaning"),
    "moved": N_("moved"),
    "new": N_("new"),
    "news": N_("notice"),
    "opinion": N_("opinion"),
    "planned": N_("planned"),
    "reached": N_("reached already"),
    "reason": N_("reason"),
    "recipients": N_("readers"),
    "refused": N_("rows not taken"),
    "relays": N_("relays"),
    "reordered": N_("in another order"),
    "removed": N_("taken out"),
    "restored": N_("put back"),
    "revived": N_("suppression lifted"),
    "roles": N_("roles"),
    "rows": N_("rows"),
    "schedule": N_("schedule"),
    "segments": N_("segments"),
    "scopes": N_("scopes"),
    "status": N_("status"),
    "step": N_("step"),
    "stays_suppressed": N_("stays suppressed"),
    "steps": N_("steps"),
    "suppressed": N_("suppressed"),
    "taken_off": N_("off the list, still contacts"),
    "targets": N_("channels"),
    "token": N_("token no."),
    "unchanged": N_("unchanged"),
    "was": N_("before"),
    "what": N_("what"),
    "why": N_("reason"),
    "worked": N_("channels reached"),
}  # a detail of another name is shown by that name
NUMBERS = ("delivery",)  # of a row, which say nothing to a person; --json has them
VALUE_WORDS: dict[str, dict[str, str]] = {
    "meaning": {one.value: word for one, word in HAND_WORDS.items()},
    "status": {one.value: word for one, word in ISSUE_WORDS.items()},
    "what": {"log-in": N_("the log-in"), "mail": N_("a test mail")},
    "why": {
        "audience": N_("the number of readers has changed"),
        "late": N_("its time was missed"),
        "relay": N_("a relay refused it"),
        "returned": N_("the issue was returned"),
        "unapproved": N_("the issue is not approved"),
        "unfit": N_("a list or its edition was changed or is gone"),
        "unready": N_("the issue or its lists were not ready"),
    },
}  # a value of another kind is shown as it is
_OF_LISTS = ("list", "lists", "editions")
FAULT_WORDS: dict[AuditFault, str] = {
    AuditFault.CHANGED: N_("entry {id} was changed: its hash is not that of what it holds"),
    AuditFault.BROKEN: N_("entry {id} does not follow the one before: entries were removed, inserted or reordered"),
}


def who_word(actor: Actor) -> str:
    """Return who did something in the user's language."""
    if actor == PROGRAM:
        return _("the program")
    return actor.name or _("somebody")


def say_actor(entry: AuditEntry) -> str:
    """Return who did it, and that nobody has registered that name where nobody has."""
    who = who_word(entry.actor)
    registered = entry.actor.user_id is not None or entry.actor in (PROGRAM, Actor(""))
    return who if registered else _("{name} (not registered)").format(name=who)


def say_act(entry: AuditEntry, users: Mapping[str, str], titles: Mapping[str, str] = EMPTY) -> str:
    """Return what was done to what. users: names by number; titles: of lists, by their names."""
    act = _(ACT_WORDS[Act(entry.act)]) if entry.act in set(Act) else entry.act
    subject = SUBJECT_WORDS.get(entry.subject.kind)
    names = {"user": users, "list": titles}.get(entry.subject.kind, EMPTY)
    name = names.get(entry.subject.name, "" if entry.subject.kind == "user" else entry.subject.name)
    return _("{what}: {text}").format(what=_(subject).format(name=name), text=act) if subject else act


def say_details(details: str, titles: Mapping[str, str] = EMPTY) -> str:
    """Return details on one line, without the hashes, which --json has. titles: of lists, by their names."""
    parsed = read_details(details)
    if not isinstance(parsed, dict):
        return details
    shown = {
        key: _show(value, key, titles)
        for key, value in parsed.items()
        if value not in (None, False) and key not in NUMBERS
    }
    return _("; ").join(_("{what}: {text}").format(what=_key(key), text=text) for key, text in shown.items() if text)


def _key(key: str) -> str:
    return _(DETAIL_WORDS[key]) if key in DETAIL_WORDS else key


def _name_of(name: str, within: str, titles: Mapping[str, str]) -> str:
    if within in _OF_LISTS:
        return titles.get(name, name)
    return _(STATUS_WORDS[DeliveryStatus(name)]) if name in set(DeliveryStatus) else _key(name)


def _show(value: object, key: str, titles: Mapping[str, str]) -> str:
    match value:
        case dict():
            named = {_name_of(one, key, titles): part for one, part in value.items()}
            shown = {one: _show(part, "", titles) for one, part in named.items()}
            return _(", ").join(f"{one} {text}" for one, text in shown.items() if text)
        case list():
            return _(", ").join(text for one in value if (text := _show(one, key, titles)))
        case bool():
            return _("yes") if value else _("no")
    text = str(value)
    if key in _OF_LISTS:
        return titles.get(text, text)
    if text in VALUE_WORDS.get(key, {}):
        return _(VALUE_WORDS[key][text])
    if text in set(UserRole):
        return _(ROLE_WORDS[UserRole(text)])
    return "" if re.fullmatch("[0-9a-f]{64}", text) else text


def read_details(details: str) -> object:
    """Return the details of an entry as they were recorded; the text itself where it is no JSON."""
    try:
        return json.loads(details)
    except ValueError:  # changed by hand; `verify` says so
        return details
