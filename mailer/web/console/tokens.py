"""Tokens of the API: each user's own in their account, all of them for administrators."""

from datetime import timedelta

from fastapi import Response

from mailer.errors import UsageError
from mailer.i18n import N_, _
from mailer.model.api_token import ApiToken, Scope, scopes_of
from mailer.model.people import Right
from mailer.web.console.desk import Desk, Visit
from mailer.web.console.users import require_known

PERIODS = {"30": N_("30 days"), "90": N_("90 days"), "365": N_("a year"), "0": N_("without end")}
SCOPE_WORDS: dict[Scope, str] = {
    Scope.CONTACTS_READ: N_("read contacts and subscriptions"),
    Scope.CONTACTS_WRITE: N_("change contacts and subscriptions"),
    Scope.ISSUES_READ: N_("read issues"),
    Scope.ISSUES_WRITE: N_("write and render issues"),
    Scope.MAILINGS_READ: N_("read mailings and deliveries"),
    Scope.MAILINGS_WRITE: N_("plan mailings, pause and cancel them"),
    Scope.EVENTS_READ: N_("read events"),
    Scope.REPORTS_READ: N_("read reports"),
}


def add_tokens(desk: Desk) -> None:
    """Add the pages of tokens."""
    desk.show("/account/tokens")(show_own)
    desk.act("/account/tokens/add", None)(make)
    desk.act("/account/tokens/revoke", None)(revoke_own)
    desk.show("/users/tokens", Right.USERS)(show_all)
    desk.act("/users/tokens/revoke", Right.USERS)(revoke_any)


def show_own(visit: Visit) -> Response:
    """One's own tokens."""
    return _own(visit, None, "")


def _own(visit: Visit, made: ApiToken | None, token: str) -> Response:
    house, user = visit.house, visit.session.user
    return visit.page(
        "tokens.html.j2",
        tokens=house.api_tokens.list(user.name),
        everybody=False,
        made=made,
        token=token,
        scopes=[(one.value, _(SCOPE_WORDS[one])) for one in scopes_of(user.rights)],
        periods=[(key, _(word)) for key, word in PERIODS.items()],
        asks_password=house.access.describe(user.name).password_set_at is not None,
        now=house.now(),
    )


def make(visit: Visit) -> Response:
    """Make a token for oneself, and show it this once; the password is asked for, as it outlives the session."""
    house, user = visit.house, visit.session.user
    if house.access.describe(user.name).password_set_at is not None:
        current = str(visit.form.get("current", ""))
        require_known(house.access.confirm_password(visit.token, current))
    days = visit.text("days")
    if days not in PERIODS:
        raise UsageError(_("no period was chosen"), cure=_("choose how long it is good"))
    useful = {one.value for one in scopes_of(user.rights)}
    if beyond := [one for one in visit.texts("scope") if one not in useful]:
        raise UsageError(
            _("the scope {scope} is of no use to your role").format(scope=beyond[0][:40]),
            cure=_("tick only what is offered"),
        )
    scopes = [Scope(one) for one in visit.texts("scope")]
    if not visit.text("purpose") or not scopes:
        raise UsageError(
            _("a token needs a name and at least one scope"), cure=_("say what it is for, and tick what it may do")
        )
    until = house.now() + timedelta(days=int(days)) if days != "0" else None
    made, token = house.api_tokens.add(user.name, visit.text("purpose"), scopes, until, visit.by)
    return _own(visit, made, token)


def revoke_own(visit: Visit) -> Response:
    """End a token of one's own."""
    return _revoke(visit, "/account/tokens")


def show_all(visit: Visit) -> Response:
    """The tokens of all users."""
    house = visit.house
    return visit.page("tokens.html.j2", tokens=house.api_tokens.list(), everybody=True, made=None, now=house.now())


def revoke_any(visit: Visit) -> Response:
    """End a token of any user."""
    return _revoke(visit, "/users/tokens")


def _revoke(visit: Visit, back: str) -> Response:
    number = visit.number(visit.text("number"))
    visit.house.api_tokens.revoke(number, visit.by)
    return visit.go(back, _("Token {n} is good for nothing any more.").format(n=number))
