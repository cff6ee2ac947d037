"""What our commands add to click's: examples at the end of their help, and paths that are judged where they are read.

In:    click's commands and groups.
Out:   the same, with their epilog whole.
Never: a command of its own.
"""

from pathlib import Path
from typing import Final

import click

PATH: Final = click.Path(path_type=Path, readable=False)
"""A file or folder on the command line. Click would call one that this user may not read a wrong usage."""


class Exemplified(click.Command):
    """Its help ends with examples, as they are typed."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        if self.epilog:
            formatter.write_paragraph()
            formatter.write("".join(f"{line}\n" for line in self.epilog.splitlines()))  # whole, to be copied


class Group(Exemplified, click.Group):
    """A group whose commands show an example too."""

    command_class = Exemplified
