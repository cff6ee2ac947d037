"""Finds the accounts that `ledig user` changes, and takes passwords without showing them.

In:    a site file or the folder of `ledig up`; a terminal or a pipe.
Out:   the dashboard's accounts; a password.
Never: a password on the command line, where every user of the machine could read it.
"""

import sys
from pathlib import Path

import click

from dashboard.accounts import Accounts
from dashboard.accounts.clock import open_accounts
from dashboard.accounts.roles import Account, Role
from ledig.site import UP_LOCK, read


def accounts(site: Path | None, data: Path | None) -> Accounts:
    """The accounts of a site file's storage, or of a folder of `ledig up`.

    Raises:
        SiteRejected: the site file is faulty.
        click.UsageError: there is no house whose accounts these would be.
    """
    if (site is None) == (data is None):
        raise click.UsageError("give --site FILE, or --data DIR of a site started with `ledig up`")
    directory = read(site).storage if site is not None else data
    if directory is None or not directory.is_dir():
        raise click.UsageError(f"{directory}: no such folder; start the site once, or create the folder")
    if data is not None and not (data / UP_LOCK).exists():
        raise click.UsageError(f"{data}: no site was started there; give the data folder that `ledig up` prints")
    return open_accounts(directory / "accounts.sqlite")[0]


def role(name: str) -> Role:
    """The role of that name."""
    return Role(name)


def line(account: Account) -> str:
    """The name; and a word for who is no manager, or is locked."""
    words = [
        word for word in ("viewer" if account.role is Role.VIEWER else "", "locked" if account.locked else "") if word
    ]
    return f"{account.name} ({', '.join(words)})" if words else account.name


def end_sessions(found: Accounts, name: str) -> int:
    """End every session of a name, and say how many there were."""
    theirs = [session for session in found.sessions() if session.name == name]
    return sum(found.end_session(session.id, name) for session in theirs)


def password() -> str:
    """Ask for a password twice, or read one line from a pipe."""
    if sys.stdin.isatty():
        asked: str = click.prompt("password", hide_input=True, confirmation_prompt="repeat the password")
        return asked
    try:
        return sys.stdin.buffer.readline().decode().rstrip("\r\n")
    except UnicodeDecodeError as fault:
        raise click.UsageError("the password on standard input is not UTF-8; give it as UTF-8") from fault
