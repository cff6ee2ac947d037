"""`ledig init`: ask about a site, and write its site file.

In:    answers from a terminal or a file.
Out:   a site file that `ledig check` accepts, and the next commands.
Never: anything written before the last answer; a changed file.
"""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click

from collector.site.spaces import SpaceKind
from edge.process.log_output import escape_unprintable
from edge.process.plurals import format_count
from ledig.runtime.command_text import find_command, quote_path
from ledig.site.settings_files import read_settings_text
from ledig.site.site_file import parse_site_text
from ledig.site.site_warnings import list_site_warnings
from ledig.site_setup.answers_file import read_answers
from ledig.site_setup.hours_answer import format_week_hours
from ledig.site_setup.machine_facts import read_machine_facts
from ledig.site_setup.new_file import create_whole_file
from ledig.site_setup.questions import AnswerRejected, SetupQuestion
from ledig.site_setup.setup_answers import AnswerPlace, SiteAnswers, ZoneAnswers, collect_answers
from ledig.site_setup.site_text import write_site_text

_NOUNS: Final = {SpaceKind.DESK: "desk", SpaceKind.BOOTH: "booth", SpaceKind.ROOM: "room"}


class InitRejected(ValueError):
    """The command line does not fit: nothing was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitOptions:
    """Options of the command line."""

    site: Path
    """The file to write."""
    answers: Path | None
    """A file of answers; None: they come from the terminal."""
    yes: bool
    """Write without a confirmation."""


def create_site(options: InitOptions) -> None:
    """Ask, show a summary, and write the site file after a confirmation.

    Raises:
        InitRejected, AnswersRejected: nothing was written.
        SettingsFileAway: the file of answers cannot be read now.
        click.Abort: Ctrl-C, the end of input, or no confirmation; nothing was written.
        OSError: the file cannot be written.
    """
    path = options.site.absolute()
    _check_target(path)
    is_terminal = sys.stdin.isatty()
    if options.answers is None and not is_terminal:
        raise InitRejected("there is no terminal to answer questions; give the answers with --answers FILE and --yes")
    if not options.yes and not is_terminal:
        raise InitRejected("there is no terminal to confirm; give --yes to write without a confirmation")
    with _announced_abort():
        answers = _get_answers(options, path)
        text = write_site_text(answers)
        site = parse_site_text(text, path.name, path.parent)  # a fault here would be our bug
        click.echo("\n" + "\n".join(_list_summary(answers)))
        for warning in list_site_warnings(site.plan):
            click.echo(f"warning: {warning}")
        if not options.yes and not click.confirm(f"Write {path.name}?", default=True):
            raise click.Abort
        _write_file(path, text)
    click.echo("\n" + "\n".join(_list_next_steps(path)))
    if not options.yes and options.answers is None:
        _offer_start(path)


def _check_target(path: Path) -> None:
    """Report before the first question what would prevent writing after the last."""
    folder = path.parent
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except OSError as fault:
        raise InitRejected(f"{path}: {fault.strerror}; give another file name") from fault
    else:
        raise InitRejected(_describe_existing(path))
    if not folder.is_dir():
        raise InitRejected(f"{folder}: no such folder; run: mkdir -p {quote_path(folder)}")
    if not os.access(folder, os.W_OK | os.X_OK, effective_ids=True):
        is_read_only = bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
        raise _name_fault(errno.EROFS if is_read_only else errno.EACCES, path)


def _describe_existing(path: Path) -> str:
    return f"{path}: exists, and is never replaced; give another file, or move this one away first"


def _name_fault(code: int, path: Path) -> OSError:
    return OSError(code, os.strerror(code), str(path))


@contextlib.contextmanager
def _announced_abort() -> Iterator[None]:
    try:
        yield
    except (click.Abort, KeyboardInterrupt):
        click.echo("\nnothing was written", err=True)
        raise


def _write_file(path: Path, text: str) -> None:
    try:
        create_whole_file(path, text)
    except FileExistsError as fault:  # it appeared meanwhile
        raise InitRejected(_describe_existing(path)) from fault


def _get_answers(options: InitOptions, path: Path) -> SiteAnswers:
    facts = read_machine_facts()
    if options.answers is None:
        click.echo(f"Questions about the site for {path.name}. Enter takes the answer in brackets; Ctrl-C ends,")
        click.echo("and nothing is written before the last answer. Everything can be changed in the file later.\n")
        return collect_answers(_ask_until_valid, facts)
    try:
        text = read_settings_text(options.answers)
    except UnicodeDecodeError as fault:
        raise InitRejected(f"{options.answers}: byte {fault.start} is not UTF-8; save the file as UTF-8") from fault
    except FileNotFoundError as fault:
        raise InitRejected(f"no such file: {options.answers}; give the path of a file of answers") from fault
    return read_answers(text, options.answers.name, facts)


def _ask_until_valid(question: SetupQuestion, text: str, suggestion: str, place: AnswerPlace) -> Any:
    indent = "  " * len(place)
    while True:
        try:
            answer = click.prompt(f"{indent}{text}", default=str(suggestion), show_default=bool(suggestion))
            return question.parse(answer)
        except AnswerRejected as fault:
            click.echo(f"{indent}{escape_unprintable(str(fault))}")  # an arrow key types control characters
        except UnicodeDecodeError:
            click.echo(f"{indent}the answer is not UTF-8; set the terminal to UTF-8, or leave out special characters")


def _list_summary(answers: SiteAnswers) -> Iterator[str]:
    yield f"{answers.name}: language {answers.language}, {answers.time_zone}, holidays of {answers.country}"
    yield f"open {format_week_hours(answers.opening_hours)}"
    for floor in answers.floors:
        yield f"  {floor.name}"
        for zone in floor.zones:
            yield f"    {zone.name}: {_format_counts(zone)}"


def _format_counts(zone: ZoneAnswers) -> str:
    parts = [format_count(number, _NOUNS[kind]) for kind, number in zone.counts.items() if number]
    return ", ".join(parts) or "no spaces"


def _list_next_steps(path: Path) -> Iterator[str]:
    command, file = find_command(), quote_path(path)
    yield f"wrote {path}"
    yield "next:"
    yield f"  see its pages   {command} up {file} --simulate"
    yield f"  change it       edit {file}, then {command} check {file}"
    yield "  add sensors     firmware-config/pins.md, and the last lines of the file"
    yield "  run it          docs/operation.md has every step"


def _offer_start(path: Path) -> None:
    """Offer to show the pages at once: without sensors, every space of a real site is unknown."""
    try:
        wanted = click.confirm("\nShow its pages now, with simulated sensors and people?", default=True)
    except click.Abort:  # Ctrl-C or the end of input; the file is written
        wanted = False
    if not wanted:
        return
    from ledig.up.up_command import UpOptions, run_site

    run_site(UpOptions(site=path, simulate=True))
