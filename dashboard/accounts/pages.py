"""The page of accounts: one's own sessions for whoever is logged in; everybody's, roles and the log for managers.

In:    a form, the accounts.
Out:   one page; a change, and the page again with what came of it.
Never: an address, a password that is shown again, a change that leaves the house without a manager.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from babel.dates import format_datetime
from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.days import local
from dashboard import routes as table
from dashboard.accounts import (
    AccountRejected,
    Accounts,
    LastManager,
    NameRejected,
    NameTaken,
    Restored,
    Session,
    session_id,
)
from dashboard.accounts.access_log import Act, Entry
from dashboard.accounts.login import token
from dashboard.accounts.passwords import LONGEST, SHORTEST, PasswordRejected
from dashboard.accounts.roles import Role
from dashboard.accounts.spans import in_words
from dashboard.languages import words
from dashboard.serving import serving
from dashboard.words import Words

routes = Blueprint("accounts", __name__, url_prefix="/manage/accounts")

NEWEST: Final = 100
"""So many lines of the log are shown."""


@routes.get("")
def page() -> ResponseReturnValue:
    """Sessions, and for managers accounts and the log."""
    return _page()


@routes.post("/add")
def add() -> ResponseReturnValue:
    """Let somebody log in."""
    name, password, role = _name(), request.form.get("password", ""), _role()
    return _do("added", f"{name} {role}", lambda accounts: accounts.add(name, password, role))


@routes.post("/role")
def change_role() -> ResponseReturnValue:
    """Make a viewer of a manager, or the other way round."""
    name, role = _name(), _role()
    return _do("role", f"{name} {role}", lambda accounts: accounts.set_role(name, role))


@routes.post("/lock")
def lock() -> ResponseReturnValue:
    """Let nobody in under a name, and end its sessions."""
    name = _name()
    return _do("locked", name, lambda accounts: accounts.lock(name))


@routes.post("/unlock")
def unlock() -> ResponseReturnValue:
    """Let a locked name in again."""
    name = _name()
    return _do("unlocked", name, lambda accounts: accounts.unlock(name))


@routes.post("/password")
def password() -> ResponseReturnValue:
    """Set a new password, and end the sessions of the old one."""
    name, new = _name(), request.form.get("password", "")
    return _do("password", name, lambda accounts: accounts.set_password(name, new))


@routes.post("/end")
def end() -> ResponseReturnValue:
    """End anybody's session."""
    name, session = _name(), request.form.get("session", "")
    return _do("ended", name, lambda accounts: accounts.end_session(session, name))


@routes.post("/end-own")
def end_own() -> ResponseReturnValue:
    """End a session of one's own."""
    name, session = g.account.name, request.form.get("session", "")
    return _do("ended", name, lambda accounts: accounts.end_session(session, name))


def _name() -> str:
    return request.form.get("name", "").strip()


def _role() -> Role:
    try:
        return Role(request.form.get("role", ""))
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)


def _do(done: str, span: str, change: Callable[[Accounts], object]) -> ResponseReturnValue:
    """Change something and say so; what cannot be is told on the page, and nothing is changed."""
    here = serving()
    table.log_span(span)
    try:
        here.workers.passwords.run(lambda: change(here.accounts))
    except (AccountRejected, PasswordRejected) as refused:
        return _page(_refusal(refused, words())), HTTPStatus.BAD_REQUEST
    return redirect(url_for("accounts.page", done=done), HTTPStatus.SEE_OTHER)


def _page(fault: str = "") -> str:
    here, manages = serving(), g.account.role is Role.MANAGER
    told, named = words(), table.names(words())
    sessions, accounts, log = here.with_accounts(
        lambda accounts: (
            accounts.sessions(),
            accounts.all() if manages else [],
            accounts.log.entries(NEWEST) if manages else [],
        )
    )
    found = [session for session in sessions if manages or session.name == g.account.name]
    found.sort(key=lambda session: (session.name != g.account.name, session.name))
    return render_template(
        "accounts.html",
        plan=here.plan,
        fault=fault,
        done=_done(told).get(request.args.get("done", ""), ""),
        sessions=[_session(session, told) for session in found],
        accounts=accounts,
        roles=_roles(told),
        log=[_line(entry, named, told) for entry in log],
        restored=_restored(here.accounts.notice, told) if manages else "",
        shortest=SHORTEST,
        longest=LONGEST,
    )


def _restored(notice: Restored | None, told: Words) -> str:
    """What a manager has to check after a restore; empty: there was none lately."""
    if notice is None:
        return ""
    if notice.backup_s is None:
        text = told.gettext("The accounts file was damaged on {at}, and there was no backup. All accounts are new.")
        return text.format(at=_when(notice.at_s, told))
    text = told.gettext(
        "The accounts file was damaged on {at} and was replaced by the backup of {backup}. Changes between the two are"
        " lost: check who may log in. All sessions were ended."
    )
    return text.format(at=_when(notice.at_s, told), backup=_when(notice.backup_s, told))


def _session(session: Session, told: Words) -> dict[str, Any]:
    return {
        "id": session.id,
        "name": session.name,
        "began": _when(session.began_s, told),
        "used": _when(session.used_s, told),
        "browser": session.browser or told.gettext("unknown browser"),
        "own": session.name == g.account.name,
        "here": session.id == session_id(token()),
    }


def _line(entry: Entry, named: dict[str, str], told: Words) -> dict[str, str]:
    role = _roles(told)[entry.role]
    # of a change its own words: they name accounts and sensors
    span = entry.span if entry.act is Act.CHANGE else in_words(entry.span, serving().plan, told)
    return {
        "at": _when(entry.at_s, told),
        "who": f"{entry.name} ({role})",
        "what": named.get(entry.what, entry.what),
        "span": span,
    }


def _when(at_s: float, told: Words) -> str:
    at = local(serving().plan, round(at_s * 1000))
    return str(format_datetime(at, "EEE d MMM HH:mm", locale=told.language))


def _roles(told: Words) -> dict[Role, str]:
    return {Role.MANAGER: told.gettext("manager"), Role.VIEWER: told.gettext("viewer")}


def _done(told: Words) -> dict[str, str]:
    _ = told.gettext
    return {
        "added": _("Account added. It can log in now."),
        "role": _("Role changed."),
        "locked": _("Account locked and logged out everywhere."),
        "unlocked": _("Account unlocked."),
        "password": _("Password changed. The account is logged out everywhere."),
        "ended": _("Session ended."),
    }


def _refusal(refused: Exception, told: Words) -> str:
    _ = told.gettext
    if isinstance(refused, PasswordRejected):
        text = _(
            "Nothing was changed. A password must have {shortest} to {longest} characters, must not "
            "contain the name and must not be a common one. Four words of your own work well."
        )
        return text.format(shortest=SHORTEST, longest=LONGEST)
    if isinstance(refused, LastManager):
        return _("Nothing was changed: there must be at least one manager. Make another account a manager first.")
    if isinstance(refused, NameTaken):
        return _("Nothing was changed: an account with that name already exists. Choose another name.")
    if isinstance(refused, NameRejected):
        return _(
            "Nothing was changed. A name starts with a to z or a digit, followed by a to z, digits and . _ @ "
            "-, at most 64 characters."
        )
    return _("Nothing was changed: there is no such account. It may have been removed.")
