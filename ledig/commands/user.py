"""The `ledig user` commands: accounts for /manage and their roles.

In:    a name, a site file or the data folder of `ledig up`.
Out:   changed accounts, and one line of confirmation.
Never: logic of its own; a password on the command line. Each command imports what it needs when it runs.
"""

from collections.abc import Callable
from pathlib import Path

import click

from edge.process.plurals import format_count
from ledig.commands.help import PATH_TYPE, ExampleGroup

ROLES = click.Choice(["manager", "viewer"])


@click.group(cls=ExampleGroup, epilog="example: ledig user add anna --site /etc/ledig/site.toml")
def user() -> None:
    """Manage the accounts that can log in to /manage."""


def _command(name: str, help_line: str, example: str) -> Callable[[Callable[..., None]], click.Command]:
    """Return a decorator that makes a subcommand with the options for the site."""
    site = click.option("--site", type=PATH_TYPE, help="Site file of the running site.")
    data = click.option("--data", type=PATH_TYPE, help="Data folder of `ledig up`.")
    epilog = f"example: ledig user {example} --site /etc/ledig/site.toml"
    return lambda work: user.command(name, short_help=help_line, epilog=epilog)(site(data(work)))


@_command("add", "Add an account.", "add anna")
@click.argument("name")
@click.option("--role", type=ROLES, default="manager", show_default=True, help="A viewer cannot change anything.")
def user_add(name: str, role: str, site: Path | None, data: Path | None) -> None:
    """Add the account NAME. The password is prompted for, or read from standard input."""
    from ledig.commands import user_accounts

    user_accounts.open_site_accounts(site, data).add(
        name, user_accounts.read_password(), user_accounts.parse_role(role)
    )
    click.echo(f"account {name} added")


@_command("remove", "Remove an account.", "remove anna")
@click.argument("name")
def user_remove(name: str, site: Path | None, data: Path | None) -> None:
    """Remove the account NAME and end its sessions."""
    from ledig.commands import user_accounts

    user_accounts.open_site_accounts(site, data).remove(name)
    click.echo(f"account {name} removed")


@_command("list", "List the accounts.", "list")
def user_list(site: Path | None, data: Path | None) -> None:
    """List the accounts, one per line; viewers and locked accounts are marked."""
    from ledig.commands import user_accounts

    for account in user_accounts.open_site_accounts(site, data).list_accounts():
        click.echo(user_accounts.format_account(account))


@_command("password", "Set a new password.", "password anna")
@click.argument("name")
def user_password(name: str, site: Path | None, data: Path | None) -> None:
    """Set a new password for NAME. It is prompted for, or read from standard input."""
    from ledig.commands import user_accounts

    user_accounts.open_site_accounts(site, data).set_password(name, user_accounts.read_password())
    click.echo(f"password of {name} changed")


@_command("role", "Change the role of an account.", "role anna viewer")
@click.argument("name")
@click.argument("role", type=ROLES)
def user_role(name: str, role: str, site: Path | None, data: Path | None) -> None:
    """Make NAME a manager or a viewer. At least one manager must remain."""
    from ledig.commands import user_accounts

    user_accounts.open_site_accounts(site, data).set_role(name, user_accounts.parse_role(role))
    click.echo(f"{name} is now a {role}")


@_command("lock", "Lock an account.", "lock anna")
@click.argument("name")
def user_lock(name: str, site: Path | None, data: Path | None) -> None:
    """Lock the account NAME until it is unlocked, and end its sessions."""
    from ledig.commands import user_accounts

    user_accounts.open_site_accounts(site, data).lock(name)
    click.echo(f"account {name} locked")


@_command("unlock", "Unlock an account.", "unlock anna")
@click.argument("name")
def user_unlock(name: str, site: Path | None, data: Path | None) -> None:
    """Unlock the account NAME; its password stays the same."""
    from ledig.commands import user_accounts

    user_accounts.open_site_accounts(site, data).unlock(name)
    click.echo(f"account {name} unlocked")


@_command("end", "End the sessions of an account.", "end anna")
@click.argument("name")
def user_end(name: str, site: Path | None, data: Path | None) -> None:
    """End all sessions of NAME. The account can log in again."""
    from ledig.commands import user_accounts

    ended = user_accounts.end_sessions(user_accounts.open_site_accounts(site, data), name)
    click.echo(f"{format_count(ended, 'session')} of {name} ended")
