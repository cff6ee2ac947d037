"""The accounts page: a user's own sessions; for managers all sessions, roles and the access log.

In:    a form, the accounts.
Out:   one page; after a change, the page with the result.
Never: an address, a stored password, a change that leaves the site without a manager.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from babel.dates import format_datetime
from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from collector.site.calendar import to_local_time
from dashboard.accounts.access_log import AccessLogEntry, LoggedAction
from dashboard.accounts.accounts import (
    MAX_NAME_LENGTH,
    AccountRejected,
    Accounts,
    LastManager,
    NameRejected,
    NameTaken,
    RestoreNotice,
)
from dashboard.accounts.passwords import MAX_PASSWORD_LENGTH, MIN_PASSWORD_LENGTH, WeakPasswordRejected
from dashboard.accounts.roles import AccountRole
from dashboard.accounts.sessions import LoginSession, compute_session_id
from dashboard.text.language_selection import get_texts
from dashboard.text.log_spans import describe_span
from dashboard.text.page_texts import PageTexts
from dashboard.web import routes as table
from dashboard.web.app_context import get_app_context
from dashboard.web.session_cookie import read_session_token

routes = Blueprint("accounts", __name__, url_prefix="/manage/accounts")

MAX_LOG_ENTRIES: Final = 100
"""Number of log entries on the page."""


@routes.get("")
def page() -> ResponseReturnValue:
    """Sessions, and for managers accounts and the log."""
    return _render_page()


@routes.post("/add")
def add() -> ResponseReturnValue:
    """Add an account."""
    name, password, role = _read_name(), request.form.get("password", ""), _read_role()
    return _apply_change("added", f"{name} {role}", lambda accounts: accounts.add(name, password, role))


@routes.post("/role")
def change_role() -> ResponseReturnValue:
    """Make a viewer a manager, or a manager a viewer."""
    name, role = _read_name(), _read_role()
    return _apply_change("role", f"{name} {role}", lambda accounts: accounts.set_role(name, role))


@routes.post("/lock")
def lock() -> ResponseReturnValue:
    """Lock an account and end its sessions."""
    name = _read_name()
    return _apply_change("locked", name, lambda accounts: accounts.lock(name))


@routes.post("/unlock")
def unlock() -> ResponseReturnValue:
    """Unlock an account."""
    name = _read_name()
    return _apply_change("unlocked", name, lambda accounts: accounts.unlock(name))


@routes.post("/password")
def password() -> ResponseReturnValue:
    """Set a new password and end the account's sessions."""
    name, new = _read_name(), request.form.get("password", "")
    return _apply_change("password", name, lambda accounts: accounts.set_password(name, new))


@routes.post("/end")
def end() -> ResponseReturnValue:
    """End a session of any account."""
    name, session = _read_name(), request.form.get("session", "")
    return _apply_change("ended", name, lambda accounts: accounts.sessions.end_session(session, name))


@routes.post("/end-own")
def end_own() -> ResponseReturnValue:
    """End one of the user's own sessions."""
    name, session = g.account.name, request.form.get("session", "")
    return _apply_change("ended", name, lambda accounts: accounts.sessions.end_session(session, name))


def _read_name() -> str:
    return request.form.get("name", "").strip()


def _read_role() -> AccountRole:
    try:
        return AccountRole(request.form.get("role", ""))
    except ValueError:
        abort(HTTPStatus.BAD_REQUEST)


def _apply_change(done: str, span: str, change: Callable[[Accounts], object]) -> ResponseReturnValue:
    """Make a change and redirect to the page; show a refused change on the page, with the reason."""
    context = get_app_context()
    table.set_logged_span(span)
    try:
        context.workers.passwords.run_and_wait(lambda: change(context.accounts))
    except (AccountRejected, WeakPasswordRejected) as refused:
        return _render_page(_describe_refusal(refused, get_texts())), HTTPStatus.BAD_REQUEST
    return redirect(url_for("accounts.page", done=done), HTTPStatus.SEE_OTHER)


def _render_page(fault: str = "") -> str:
    context, manages = get_app_context(), g.account.role is AccountRole.MANAGER
    texts, page_names = get_texts(), table.get_page_names(get_texts())
    sessions, accounts, log = context.use_accounts(
        lambda accounts: (
            accounts.sessions.list_sessions(),
            accounts.list_accounts() if manages else [],
            accounts.log.list_entries(MAX_LOG_ENTRIES) if manages else [],
        )
    )
    found = [session for session in sessions if manages or session.name == g.account.name]
    found.sort(key=lambda session: (session.name != g.account.name, session.name))
    return render_template(
        "accounts.html",
        plan=context.plan,
        fault=fault,
        done=_result_texts(texts).get(request.args.get("done", ""), ""),
        sessions=[_session_row(session, texts) for session in found],
        accounts=accounts,
        roles=_role_labels(texts),
        log=[_log_row(entry, page_names, texts) for entry in log],
        restored=_describe_restore(context.accounts.notice, texts) if manages else "",
        shortest=MIN_PASSWORD_LENGTH,
        longest=MAX_PASSWORD_LENGTH,
    )


def _describe_restore(notice: RestoreNotice | None, texts: PageTexts) -> str:
    """Return what a manager has to check after a restore; empty if there was none recently."""
    if notice is None:
        return ""
    if notice.backup_s is None:
        text = texts.gettext("The accounts file was damaged on {at}, and there was no backup. All accounts are new.")
        return text.format(at=_format_time(notice.at_s, texts))
    text = texts.gettext(
        "The accounts file was damaged on {at} and was replaced by the backup of {backup}. Changes between the two are"
        " lost: check who may log in. All sessions were ended."
    )
    return text.format(at=_format_time(notice.at_s, texts), backup=_format_time(notice.backup_s, texts))


def _session_row(session: LoginSession, texts: PageTexts) -> dict[str, Any]:
    return {
        "id": session.id,
        "name": session.name,
        "began": _format_time(session.began_s, texts),
        "used": _format_time(session.used_s, texts),
        "browser": session.browser or texts.gettext("unknown browser"),
        "own": session.name == g.account.name,
        "here": session.id == compute_session_id(read_session_token()),
    }


def _log_row(entry: AccessLogEntry, page_names: dict[str, str], texts: PageTexts) -> dict[str, str]:
    role = _role_labels(texts)[entry.role]
    # the span of a change names accounts and sensors, and is shown as it is
    span = (
        entry.span if entry.action is LoggedAction.CHANGE else describe_span(entry.span, get_app_context().plan, texts)
    )
    return {
        "at": _format_time(entry.at_s, texts),
        "who": f"{entry.name} ({role})",
        "what": page_names.get(entry.endpoint, entry.endpoint),
        "span": span,
    }


def _format_time(at_s: float, texts: PageTexts) -> str:
    at = to_local_time(get_app_context().plan, round(at_s * 1000))
    return str(format_datetime(at, "EEE d MMM HH:mm", locale=texts.language))


def _role_labels(texts: PageTexts) -> dict[AccountRole, str]:
    return {AccountRole.MANAGER: texts.gettext("manager"), AccountRole.VIEWER: texts.gettext("viewer")}


def _result_texts(texts: PageTexts) -> dict[str, str]:
    _ = texts.gettext
    return {
        "added": _("Account added. It can log in now."),
        "role": _("Role changed."),
        "locked": _("Account locked and logged out everywhere."),
        "unlocked": _("Account unlocked."),
        "password": _("Password changed. The account is logged out everywhere."),
        "ended": _("Session ended."),
    }


def _describe_refusal(refused: Exception, texts: PageTexts) -> str:
    _ = texts.gettext
    if isinstance(refused, WeakPasswordRejected):
        text = _(
            "Nothing was changed. A password must have {shortest} to {longest} characters, must not "
            "contain the name and must not be a common one. Four words of your own work well."
        )
        return text.format(shortest=MIN_PASSWORD_LENGTH, longest=MAX_PASSWORD_LENGTH)
    if isinstance(refused, LastManager):
        return _("Nothing was changed: there must be at least one manager. Make another account a manager first.")
    if isinstance(refused, NameTaken):
        return _("Nothing was changed: an account with that name already exists. Choose another name.")
    if isinstance(refused, NameRejected):
        text = _(
            "Nothing was changed. A name starts with a to z or a digit, followed by a to z, digits and . _ @ "
            "-, at most {n} characters."
        )
        return text.format(n=MAX_NAME_LENGTH)
    return _("Nothing was changed: there is no such account. It may have been removed.")
