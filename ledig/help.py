"""Ends the help of a command with examples, as they are typed.

In:    click's commands and groups.
Out:   the same, with their epilog whole.
Never: a command of its own.
"""

import click


class Exemplified(click.Command):
    """Its help ends with examples, as they are typed."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        if self.epilog:
            formatter.write_paragraph()
            formatter.write("".join(f"{line}\n" for line in self.epilog.splitlines()))  # whole, to be copied


class Group(Exemplified, click.Group):
    """A group whose commands show an example too."""

    command_class = Exemplified
