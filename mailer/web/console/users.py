"""Users and their roles; and each user's own account: password, second factor, sessions."""

import base64

from fastapi import Response

from mailer.errors import NotFoundError, UsageError
from mailer.i18n import _
from mailer.model.access import LogIn, LogInOutcome
from mailer.model.people import Right, UserRole
from mailer.model.words import ROLE_WORDS
from mailer.web.console.desk import Desk, Visit
from mailer.web.console.entry import let_in


def add_users(desk: Desk) -> None:
    """Add the pages of users and of one's own account."""
    desk.show("/users", Right.USERS)(show_users)
    desk.act("/users/add", Right.USERS)(add_user)
    desk.act("/users/change", Right.USERS)(change_user)
    desk.act("/users/enable", Right.USERS)(enable)
    desk.act("/users/password", Right.USERS)(set_password)
    desk.act("/users/sessions", Right.USERS)(end_sessions)
    desk.act("/users/factor", Right.USERS)(end_factor)
    desk.show("/account")(show_account)
    desk.act("/account/password", None)(change_password)
    desk.act("/account/factor", None)(begin_factor)
    desk.act("/account/factor/confirm", None)(confirm_factor)
    desk.act("/account/factor/end", None)(end_own_factor)
    desk.act("/account/sessions", None)(end_own_sessions)


def _roles(visit: Visit) -> list[UserRole]:
    return [UserRole(one) for one in visit.texts("role") if one in set(UserRole)]


def show_users(visit: Visit) -> Response:
    """Everybody, with what they may do."""
    return visit.page(
        "users.html.j2", people=visit.house.people.list(), roles=[(one.value, _(ROLE_WORDS[one])) for one in UserRole]
    )


def _chosen(visit: Visit) -> str:
    name = visit.text("name")
    if name not in {one.name for one in visit.house.people.list()}:
        raise NotFoundError(_("there is no user {name}").format(name=name))
    return name


def add_user(visit: Visit) -> Response:
    """Register a user, with a first password."""
    house, name, password = visit.house, visit.text("name"), str(visit.form.get("password", ""))
    if password:
        house.access.check_password([name, visit.text("display_name"), visit.text("email")], password)
    user = house.people.add(
        name, _roles(visit), visit.by, display_name=visit.text("display_name"), email=visit.text("email")
    )
    if password:
        house.access.set_password(user.name, password, visit.by)
    return visit.go("/users", _("{name} is registered.").format(name=user.name))


def change_user(visit: Visit) -> Response:
    """Change roles, the name that is shown, the address."""
    roles = _roles(visit)
    if not roles:
        raise UsageError(_("a user needs at least one role"), cure=_("or disable the user"))
    visit.house.people.change(
        _chosen(visit), visit.by, roles=roles, display_name=visit.text("display_name"), email=visit.text("email")
    )
    return visit.go("/users", _("Saved."))


def enable(visit: Visit) -> Response:
    """Let a user act no more, or again."""
    on = visit.text("on") == "yes"
    name = _chosen(visit)
    visit.house.people.set_enabled(name, visit.by, enabled=on)
    sentence = _("{name} may act again.") if on else _("{name} is disabled, and logged out everywhere.")
    return visit.go("/users", sentence.format(name=name))


def set_password(visit: Visit) -> Response:
    """Give a user another password."""
    name = _chosen(visit)
    visit.house.access.set_password(name, str(visit.form.get("password", "")), visit.by)
    return visit.go("/users", _("{name} has a new password, and is logged out everywhere.").format(name=name))


def end_sessions(visit: Visit) -> Response:
    """Log a user out everywhere."""
    name = _chosen(visit)
    visit.house.access.end_sessions(name, visit.by)
    return visit.go("/users", _("{name} is logged out everywhere.").format(name=name))


def end_factor(visit: Visit) -> Response:
    """Take a user's second factor away, for one who has lost the telephone."""
    name = _chosen(visit)
    visit.house.access.end_second_factor(name, visit.by, visit.session.id)
    return visit.go(
        "/users", _("{name} logs in by the password alone, and is logged out everywhere.").format(name=name)
    )


def show_account(visit: Visit) -> Response:
    """One's own account."""
    return _account(visit)


def _account(visit: Visit, **more: object) -> Response:
    access, name = visit.house.access, visit.session.user.name
    values: dict[str, object] = {"qr": "", "secret": "", "codes": (), **more}
    return visit.page(
        "account.html.j2",
        state=access.describe(name),
        sessions=access.list_sessions(name),
        roles=[_(ROLE_WORDS[one]) for one in UserRole if one in visit.session.user.roles],
        minimum=visit.house.config.console.minimum_password,
        qr=values["qr"],
        secret=values["secret"],
        codes=values["codes"],
    )


def require_known(done: LogIn) -> None:
    """Raise UsageError where the present password was not right, or may not be tried now."""
    if done.outcome is LogInOutcome.LOCKED:
        raise UsageError(_("too many attempts"), cure=_("try again in {n} s").format(n=done.wait_s))
    if done.outcome is not LogInOutcome.DONE:
        raise UsageError(_("the present password is not right"), cure=_("type the one you logged in with"))


def change_password(visit: Visit) -> Response:
    """Take another password; every session ends but this browser's, which gets a new one."""
    if visit.form.get("new") != visit.form.get("again"):
        raise UsageError(_("the two new passwords differ"), cure=_("type the same one twice"))
    done = visit.house.access.change_password(
        visit.token, str(visit.form.get("current", "")), str(visit.form.get("new", ""))
    )
    require_known(done)
    response = let_in(visit.house, done, "/account")
    if visit.is_part:
        response.status_code = 204
        response.headers["HX-Redirect"] = "/account"
    return response


def begin_factor(visit: Visit) -> Response:
    """Show the QR code of a new second factor; it counts once a code of it was typed."""
    access = visit.house.access
    require_known(access.confirm_password(visit.token, str(visit.form.get("current", ""))))
    factor = access.begin_second_factor(visit.session.user.name)
    drawn = base64.b64encode(access.draw_factor(factor)).decode()
    return _account(visit, qr=f"data:image/png;base64,{drawn}", secret=factor.secret)


def confirm_factor(visit: Visit) -> Response:
    """Let it count, and show the recovery codes this once."""
    codes = visit.house.access.confirm_second_factor(visit.session.user.name, visit.text("code"), visit.session.id)
    return _account(visit, codes=codes)


def end_own_factor(visit: Visit) -> Response:
    """Log in by the password alone from now on."""
    access = visit.house.access
    require_known(access.confirm_password(visit.token, str(visit.form.get("current", ""))))
    access.end_second_factor(visit.session.user.name, visit.by, visit.session.id)
    return visit.go(
        "/account", _("You log in by your password alone from now on. Your other browsers are logged out."), "warning"
    )


def end_own_sessions(visit: Visit) -> Response:
    """Log out everywhere, here too."""
    visit.house.access.end_sessions(visit.session.user.name, visit.by)
    return visit.go("/login")
