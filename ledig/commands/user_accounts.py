"""Accounts and passwords for `ledig user`.

In:    a site file or the data folder of `ledig up`; a terminal or a pipe.
Out:   the dashboard's accounts; a password, read without showing it.
Never: a password on the command line, where every user of the machine could read it.
"""

import sys
from pathlib import Path

import click

from dashboard.accounts.accounts import Accounts
from dashboard.accounts.accounts_clock import open_accounts
from dashboard.accounts.roles import AccountRole, UserAccount
from ledig.site.site_file import UP_LOCK_FILE, read_site_file


def open_site_accounts(site: Path | None, data: Path | None) -> Accounts:
    """Open the accounts of a site file's storage, or of a data folder of `ledig up`.

    Raises:
        SiteRejected: the site file is invalid.
        click.UsageError: the folder contains no site.
    """
    if (site is None) == (data is None):
        raise click.UsageError("give --site FILE, or --data DIR of a site started with `ledig up`")
    directory = read_site_file(site).storage if site is not None else data
    if directory is None or not directory.is_dir():
        raise click.UsageError(f"{directory}: no such folder; start the site once, or create the folder")
    if data is not None and not (data / UP_LOCK_FILE).exists():
        raise click.UsageError(f"{data}: no site was started there; give the data folder that `ledig up` prints")
    return open_accounts(directory / "accounts.sqlite")[0]


def parse_role(name: str) -> AccountRole:
    """Return the role with this name."""
    return AccountRole(name)


def format_account(account: UserAccount) -> str:
    """Format an account: its name, marked if it is a viewer or locked."""
    marks = [*(["viewer"] if account.role is AccountRole.VIEWER else []), *(["locked"] if account.locked else [])]
    return f"{account.name} ({', '.join(marks)})" if marks else account.name


def end_sessions(found: Accounts, name: str) -> int:
    """End all sessions of an account; return how many there were."""
    own_sessions = [session for session in found.sessions.list_sessions() if session.name == name]
    return sum(found.sessions.end_session(session.id, name) for session in own_sessions)


def read_password() -> str:
    """Ask for a password twice, or read one line from a pipe."""
    if sys.stdin.isatty():
        entered: str = click.prompt("password", hide_input=True, confirmation_prompt="repeat the password")
        return entered
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError as fault:
        raise click.UsageError("the password on standard input is not UTF-8; give it as UTF-8") from fault
