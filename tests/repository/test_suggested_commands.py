"""Every command that an error, a help text, a comment or a document suggests is valid."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from ledig.__main__ import cli
from tests.support.servers import ROOT

SHIPPED = ("edge", "collector", "dashboard", "ledig", "firmware-config", "requirements", "docs")
TEXT = {".md", ".toml", ".sh", ".service", ".conf", ".html", ".acl", ".path", ".timer"}
TARGETS = set(re.findall(r"(?m)^([a-z][a-z-]*):", (ROOT / "Makefile").read_text()))
FENCE = re.compile(r"(?ms)^(?: *)```\w*$(.+?)^ *```$")
CODE = re.compile(r"`([^`\n]+)`|“([^”\n]+)[”.]")
SUGGESTION = re.compile(
    r"(?:run|example|then|folder|usage): ([^;\n]+)|^ *#? {2,}((?:sudo |ledig |make ).+)$", re.MULTILINE
)
COMMAND = re.compile(r"(?:^|[\s(|])(?:sudo -u ledig )?(?:[\w./]*bin/)?ledig ([a-z]+\b[^|&;<>]*)")
MAKE = re.compile(r"(?:^|&& |sudo |then |: )make ([a-z][a-z-]*)")
UNIT = re.compile(r"\s(ledig-[a-z]+)(?=[@.\s]|$)")


@dataclass(frozen=True)
class Suggestion:
    """A text that a reader would type."""

    place: str
    text: str


def iter_texts() -> Iterator[tuple[Path, str]]:
    """Yield every shipped file that people read, and every string in the programs."""
    files = [ROOT / "README.md", ROOT / "Makefile"]
    files += [
        path for folder in SHIPPED for path in sorted((ROOT / folder).rglob("*")) if path.suffix in {*TEXT, ".py"}
    ]
    for path in files:
        text = path.read_text()
        if path.suffix != ".py":
            yield path, text
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield path, node.value
            elif isinstance(node, ast.JoinedStr):
                parts = (part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
                yield path, "".join(str(part) for part in parts)


def iter_helps(command: click.Command, context: click.Context) -> Iterator[str]:
    """Yield the help texts of a command and of its subcommands."""
    yield command.get_help(context)
    if isinstance(command, click.Group):
        for name, subcommand in command.commands.items():
            yield from iter_helps(subcommand, click.Context(subcommand, info_name=name, parent=context))


def iter_suggestions() -> Iterator[Suggestion]:
    for text in iter_helps(cli, click.Context(cli, info_name="ledig")):
        yield from (Suggestion("--help", line) for line in re.findall(r"example: (.+)", text))
    for path, text in iter_texts():
        place = str(path.relative_to(ROOT))
        for block in FENCE.findall(text):
            yield from (Suggestion(place, line.strip()) for line in block.replace("\\\n", " ").splitlines())
        for found in CODE.finditer(text):
            yield Suggestion(place, (found[1] or found[2]).strip())
        for found in SUGGESTION.finditer(text):
            yield Suggestion(place, (found[1] or found[2]).strip())


SUGGESTIONS = sorted(set(iter_suggestions()), key=lambda suggestion: (suggestion.place, suggestion.text))


def find_error(line: str) -> str | None:
    """Return why a command line is invalid; a mention without arguments only needs a valid name."""
    arguments = shlex.split(line.partition("  ")[0].partition(" #")[0])
    command: click.Command = cli
    context = click.Context(cli, info_name="ledig")
    while isinstance(command, click.Group) and arguments and not arguments[0].startswith("-"):
        found = command.get_command(context, arguments[0])
        if found is None:
            return f"no command {arguments[0]}"
        command, arguments = found, arguments[1:]
    if isinstance(command, click.Group) or not arguments:
        return None
    try:
        command.make_context(command.name, list(arguments))
    except click.exceptions.Exit:
        return None  # --help
    except click.NoSuchOption as errors:
        return errors.format_message()
    except click.UsageError as errors:
        is_mention = all(argument.startswith("-") for argument in arguments)
        return None if is_mention else errors.format_message()
    return None


def test_suggestions_are_found_in_every_kind_of_file() -> None:
    found_places = {suggestion.place for suggestion in SUGGESTIONS if COMMAND.search(suggestion.text)}
    assert found_places >= {
        "README.md",
        "ledig/__main__.py",
        "firmware-config/site.example.toml",
        "collector/alerts/alert_kinds.py",
    }
    assert {suggestion.place for suggestion in SUGGESTIONS if MAKE.search(suggestion.text)} >= {
        "README.md",
        "ledig/runtime/processes.py",
    }


@pytest.mark.parametrize("line", ["alert test x", "check --quick site.toml", "edge site.toml", "alerts try site.toml"])
def test_invalid_command_is_detected(line: str) -> None:
    assert find_error(line)


def test_every_suggested_ledig_command_is_valid() -> None:
    errors = [
        f"{suggestion.place}: ledig {line}: {reason}"
        for suggestion in SUGGESTIONS
        for line in COMMAND.findall(suggestion.text)
        if "{}" not in line and (reason := find_error(line)) is not None
    ]
    assert errors == []


def test_every_suggested_make_target_exists() -> None:
    errors = [
        f"{suggestion.place}: {suggestion.text}"
        for suggestion in SUGGESTIONS
        for name in MAKE.findall(suggestion.text)
        if name not in TARGETS
    ]
    assert errors == []


def test_no_text_suggests_a_package_index() -> None:
    """Ledig is not published there; installation needs a checkout and make."""
    places = [
        str(path.relative_to(ROOT))
        for path, text in iter_texts()
        if re.search(r"(?<!uv )pipx? install|ledig\[\w+\]", text)
    ]
    assert places == []


def test_every_named_file_of_the_repository_exists() -> None:
    pattern = re.compile(r"(?<![\w/])((?:firmware-config|docs|requirements|tests|bench)/[\w@.*/-]*\w)")
    errors = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in iter_texts()
        for name in pattern.findall(re.sub(r"(?m)^```\w+ \S+ new$", "", text))  # a guide's example creates this file
        if not any(ROOT.glob(f"{name}*"))  # a decision may be named by its number only
    ]
    assert errors == []


def test_every_named_unit_is_shipped() -> None:
    units = {path.name.partition(".")[0].rstrip("@") for path in (ROOT / "firmware-config").rglob("*.service")}
    errors = [
        f"{suggestion.place}: {suggestion.text}"
        for suggestion in SUGGESTIONS
        for part in suggestion.text.split("systemctl")[1:]
        for name in UNIT.findall(part)
        if name not in units
    ]
    assert errors == []
