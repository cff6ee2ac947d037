"""Click command classes whose help ends with examples, and the path type of the commands.

In:    click's commands and groups.
Out:   the same, with an epilog that click does not rewrap.
Never: a command of its own.
"""

from pathlib import Path
from typing import Final

import click

PATH_TYPE: Final = click.Path(path_type=Path, readable=False)
"""A file or folder on the command line. Click must not check access: it would report that as wrong usage."""


class ExampleCommand(click.Command):
    """A command whose help ends with examples."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        if self.epilog:
            formatter.write_paragraph()
            formatter.write(
                "".join(f"{line}\n" for line in self.epilog.splitlines())
            )  # not rewrapped, so that it can be copied


class ExampleGroup(ExampleCommand, click.Group):
    """A group whose commands show examples too."""

    command_class = ExampleCommand
