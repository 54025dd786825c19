"""Draws what a reply means: its class, its sentence in both languages, and what follows from it."""

from mailer.cli.drawing import class_word, say
from mailer.i18n import LANGUAGES, N_, _, ngettext, say_in
from mailer.model.outcome import Action, Meaning, ReplyClass

ACTION_WORDS: dict[Action, str] = {
    Action.SUPPRESS: N_("suppress the address"),
    Action.RETRY: N_("retry after {wait}"),
    Action.RECONNECT: N_("go on in a new connection after {wait}"),
    Action.SLOW_DOMAIN: N_("rest all mail to this domain for {wait}"),
    Action.PAUSE_RELAY: N_("rest this relay for {wait}"),
    Action.STOP_AND_ASK: N_("stop and ask a person"),
}
_UNITS = ((3600, N_("{n} h")), (60, N_("{n} min")), (1, N_("{n} s")))


def name_action(meaning: Meaning) -> str:
    """Return the action as scripts read it, with its number of issues: suppress_after(2)."""
    return f"{meaning.action.value}({meaning.after_issues})" if meaning.after_issues else meaning.action.value


def describe_reply(reply: str, meaning: Meaning) -> dict[str, object]:
    """Return a reply and its meaning for --json; the sentence is in the user's language."""
    return {
        "reply": reply,
        "class": meaning.reply_class.value,
        "hard": meaning.reply_class.hard,
        "action": name_action(meaning),
        "retry_after_s": meaning.first_wait_s,
        "meaning": _(meaning.summary),
    }


def draw_reply(reply: str, meaning: Meaning) -> None:
    """Print a reply and its meaning for people."""
    accepted = meaning.action is Action.NONE and not meaning.permanent and not meaning.reply_class.hard
    name = meaning.reply_class.value
    sentences = dict.fromkeys(say_in(language, meaning.summary) for language in LANGUAGES)
    say(reply, "bold")
    if not accepted:
        say("  " + _("class: {name} ({word})").format(name=name, word=class_word(name)))
    for sentence in sentences:
        say("  " + _("meaning: {sentence}").format(sentence=sentence))
    say("  " + _("action: {action}").format(action=_say_action(meaning)))
    say("  " + _("address: {state}").format(state=_say_address(meaning)))
    say("  " + _("rule: {name}").format(name=meaning.rule), "dim")


def _say_action(meaning: Meaning) -> str:
    wait = _say_wait(meaning.first_wait_s)
    match meaning.action:
        case Action.NONE:
            return _("none; this copy is not tried again") if meaning.permanent else _("none")
        case Action.SUPPRESS_AFTER:
            n = meaning.after_issues
            words = ngettext("suppress after {n} issue", "suppress after {n} issues in a row", n).format(n=n)
            return _("retry after {wait}; {then}").format(wait=wait, then=words) if wait else words
        case action:
            return _(ACTION_WORDS[action]).format(wait=wait)


def _say_wait(seconds: int) -> str:
    """Return a wait in the largest unit that gives a whole number; empty for none."""
    size, words = next(unit for unit in _UNITS if seconds % unit[0] == 0)
    return _(words).format(n=seconds // size) if seconds else ""


def _say_address(meaning: Meaning) -> str:
    if meaning.reply_class.hard:
        return _("dead or closed")
    if meaning.reply_class is ReplyClass.OPT_OUT:
        return _("alive, and its reader refuses us")
    return _("nothing lasting is said of it")
