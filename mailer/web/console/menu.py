"""The console's menu: what it leads to, for whom."""

from collections.abc import Collection
from dataclasses import dataclass

from mailer.i18n import N_, _
from mailer.model.people import Right


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu. rights: any of them shows it; none for everybody. here: the page that is shown is of it."""

    path: str
    word: str
    icon: str
    rights: frozenset[Right] = frozenset()
    here: bool = False


ENTRIES = (
    Entry("/", N_("Overview"), "home"),
    Entry("/issues", N_("Issues"), "news"),
    Entry("/mailings", N_("Mailings"), "send"),
    Entry("/reports", N_("Reports"), "chart-bar"),
    Entry("/contacts", N_("Contacts"), "address-book"),
    Entry("/lists", N_("Lists"), "list-check"),
    Entry("/organisations", N_("Organisations"), "building"),
    Entry("/suppressions", N_("Suppressions"), "ban"),
    Entry("/returned", N_("Returned mail"), "inbox"),
    Entry("/schedule", N_("Schedule"), "calendar"),
    Entry("/relays", N_("Relays"), "server"),
    Entry("/users", N_("Users"), "users", frozenset({Right.USERS})),
    Entry("/trail", N_("Audit trail"), "history"),
    Entry("/settings", N_("Settings"), "settings"),
)


def menu_for(rights: Collection[Right], path: str) -> list[Entry]:
    """Return the lines a user sees, each in the user's language, and which of them the page at this path is of."""
    return [
        Entry(one.path, _(one.word), one.icon, one.rights, _is_of(path, one.path))
        for one in ENTRIES
        if not one.rights or one.rights & frozenset(rights)
    ]


def _is_of(path: str, entry: str) -> bool:
    return path == entry if entry == "/" else path == entry or path.startswith(f"{entry}/")
