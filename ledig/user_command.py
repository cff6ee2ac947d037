"""The commands about accounts: who may log in to /manage, and what they may do there.

In:    a name, a site file or the folder of `ledig up`.
Out:   changed accounts, and one line that says so.
Never: work of its own; a password on the command line. What a command needs is imported when it runs.
"""

from collections.abc import Callable
from pathlib import Path

import click

from ledig.help import PATH, Group

ROLES = click.Choice(["manager", "viewer"])


@click.group(cls=Group, epilog="example: ledig user add anna --site /etc/ledig/site.toml")
def user() -> None:
    """Manage who may log in to /manage."""


def _command(name: str, help_line: str, example: str) -> Callable[[Callable[..., None]], click.Command]:
    """A command of the group that is told whose accounts it is about."""
    site = click.option("--site", type=PATH, help="The site file whose [storage] holds accounts.")
    data = click.option("--data", type=PATH, help="The folder where `ledig up` keeps its house.")
    epilog = f"example: ledig user {example} --site /etc/ledig/site.toml"
    return lambda work: user.command(name, short_help=help_line, epilog=epilog)(site(data(work)))


@_command("add", "Let somebody log in.", "add anna")
@click.argument("name")
@click.option("--role", type=ROLES, default="manager", show_default=True, help="A viewer sees, and changes nothing.")
def user_add(name: str, role: str, site: Path | None, data: Path | None) -> None:
    """Let NAME log in; the password is asked for, or read from standard input."""
    from ledig import managers

    managers.accounts(site, data).add(name, managers.password(), managers.role(role))
    click.echo(f"{name} can log in now")


@_command("remove", "Let somebody log in no more.", "remove anna")
@click.argument("name")
def user_remove(name: str, site: Path | None, data: Path | None) -> None:
    """Let NAME log in no more, and end every session of that name."""
    from ledig import managers

    managers.accounts(site, data).remove(name)
    click.echo(f"{name} cannot log in any more")


@_command("list", "Name everybody who may log in.", "list")
def user_list(site: Path | None, data: Path | None) -> None:
    """Name everybody who may log in, one a line; who is no manager, or is locked, with a word behind."""
    from ledig import managers

    for account in managers.accounts(site, data).all():
        click.echo(managers.line(account))


@_command("password", "Set a new password.", "password anna")
@click.argument("name")
def user_password(name: str, site: Path | None, data: Path | None) -> None:
    """Set a new password for NAME; it is asked for, or read from standard input."""
    from ledig import managers

    managers.accounts(site, data).set_password(name, managers.password())
    click.echo(f"the password of {name} is changed")


@_command("role", "Change what somebody may do.", "role anna viewer")
@click.argument("name")
@click.argument("role", type=ROLES)
def user_role(name: str, role: str, site: Path | None, data: Path | None) -> None:
    """Make NAME a manager, who changes things, or a viewer, who sees them. One manager always stays."""
    from ledig import managers

    managers.accounts(site, data).set_role(name, managers.role(role))
    click.echo(f"{name} is a {role} now")


@_command("lock", "Let somebody in no more, for a time.", "lock anna")
@click.argument("name")
def user_lock(name: str, site: Path | None, data: Path | None) -> None:
    """Let nobody in as NAME, and end every session of that name, until it is unlocked."""
    from ledig import managers

    managers.accounts(site, data).lock(name)
    click.echo(f"{name} is locked")


@_command("unlock", "Let a locked account in again.", "unlock anna")
@click.argument("name")
def user_unlock(name: str, site: Path | None, data: Path | None) -> None:
    """Let NAME in again, with the password from before."""
    from ledig import managers

    managers.accounts(site, data).unlock(name)
    click.echo(f"{name} can log in again")


@_command("end", "End somebody's sessions.", "end anna")
@click.argument("name")
def user_end(name: str, site: Path | None, data: Path | None) -> None:
    """End every session of NAME, who may log in again."""
    from ledig import managers

    ended = managers.end_sessions(managers.accounts(site, data), name)
    click.echo(f"{ended} session{'' if ended == 1 else 's'} of {name} ended")
