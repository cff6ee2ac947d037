"""Every command that an error, a help text, a comment or a document suggests can be run as it stands."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from ledig.__main__ import cli
from tests.servers import ROOT

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
    """Some text that a reader would type."""

    place: str
    text: str


def texts() -> Iterator[tuple[Path, str]]:
    """Every shipped file that a person reads, and every text in the programs."""
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


def helps(command: click.Command, context: click.Context) -> Iterator[str]:
    """The help texts as they are shown, of a command and of those in it."""
    yield command.get_help(context)
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            yield from helps(inner, click.Context(inner, info_name=name, parent=context))


def suggestions() -> Iterator[Suggestion]:
    for text in helps(cli, click.Context(cli, info_name="ledig")):
        yield from (Suggestion("--help", line) for line in re.findall(r"example: (.+)", text))
    for path, text in texts():
        place = str(path.relative_to(ROOT))
        for block in FENCE.findall(text):
            yield from (Suggestion(place, line.strip()) for line in block.replace("\\\n", " ").splitlines())
        for found in CODE.finditer(text):
            yield Suggestion(place, (found[1] or found[2]).strip())
        for found in SUGGESTION.finditer(text):
            yield Suggestion(place, (found[1] or found[2]).strip())


SUGGESTIONS = sorted(set(suggestions()), key=lambda one: (one.place, one.text))


def refusal(line: str) -> str | None:
    """Why the command line is not one of ours; a mention without arguments needs no more than its name."""
    words = shlex.split(line.partition("  ")[0].partition(" #")[0])
    command: click.Command = cli
    context = click.Context(cli, info_name="ledig")
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0])
        if found is None:
            return f"no command {words[0]}"
        command, words = found, words[1:]
    if isinstance(command, click.Group) or not words:
        return None
    try:
        command.make_context(command.name, list(words))
    except click.exceptions.Exit:
        return None  # --help
    except click.NoSuchOption as wrong:
        return wrong.format_message()
    except click.UsageError as wrong:
        mention = all(word.startswith("-") for word in words)
        return None if mention else wrong.format_message()
    return None


def test_there_are_suggestions_of_every_sort() -> None:
    places = {one.place for one in SUGGESTIONS if COMMAND.search(one.text)}
    assert places >= {
        "README.md",
        "ledig/__main__.py",
        "firmware-config/site.example.toml",
        "collector/alerts/words.py",
    }
    assert {one.place for one in SUGGESTIONS if MAKE.search(one.text)} >= {"README.md", "ledig/processes.py"}


@pytest.mark.parametrize("line", ["alert test x", "check --quick site.toml", "edge site.toml", "alerts try site.toml"])
def test_a_command_that_does_not_work_is_found(line: str) -> None:
    assert refusal(line)


def test_every_suggested_command_of_ledig_works() -> None:
    wrong = [
        f"{one.place}: ledig {line}: {reason}"
        for one in SUGGESTIONS
        for line in COMMAND.findall(one.text)
        if "{}" not in line and (reason := refusal(line)) is not None
    ]
    assert wrong == []


def test_every_suggested_target_of_make_is_one() -> None:
    wrong = [
        f"{one.place}: {one.text}" for one in SUGGESTIONS for name in MAKE.findall(one.text) if name not in TARGETS
    ]
    assert wrong == []


def test_nobody_is_sent_to_a_package_index() -> None:
    """Ledig is not published there: what works is a checkout and make."""
    sent = [
        str(path.relative_to(ROOT)) for path, text in texts() if re.search(r"(?<!uv )pipx? install|ledig\[\w+\]", text)
    ]
    assert sent == []


def test_every_named_file_of_the_repository_exists() -> None:
    named = re.compile(r"(?<![\w/])((?:firmware-config|docs|requirements|tests|bench)/[\w@.*/-]*\w)")
    wrong = [
        f"{path.relative_to(ROOT)}: {name}"
        for path, text in texts()
        for name in named.findall(text)
        if not any(ROOT.glob(f"{name}*"))  # a decision may be named by its number alone
    ]
    assert wrong == []


def test_every_named_unit_is_shipped() -> None:
    units = {path.name.partition(".")[0].rstrip("@") for path in (ROOT / "firmware-config").rglob("*.service")}
    wrong = [
        f"{one.place}: {one.text}"
        for one in SUGGESTIONS
        for part in one.text.split("systemctl")[1:]
        for name in UNIT.findall(part)
        if name not in units
    ]
    assert wrong == []
