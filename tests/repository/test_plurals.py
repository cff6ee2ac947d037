"""No text contains "1 doors": a number before a plural noun has a singular form, or is never one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from edge.process.plurals import format_count
from tests.support.servers import ROOT

_NOUNS: Final = (
    "accounts|alerts|batteries|booths|buckets|characters|clients|connections|dates|days|desks|devices|doors|entries"
    "|events|files|floors|forecasts|hours|machines|members|messages|minutes|months|people|places|readings|requests"
    "|rooms|rows|seconds|sensors|sessions|spaces|stays|streams|times|transitions|weeks|words|zones"
    "|dagar|datum|dörrar|enheter|filer|gånger|händelser|konton|medlemmar|meddelanden|minuter|månader|personer|platser"
    "|rader|sekunder|sensorer|timmar|veckor|våningar|zoner"
)
_PLURAL: Final = re.compile(
    rf"(?:\{{[^{{}}]*\}}|%\(\w+\)[sd]|%[sd])(?: more)?(?: (?!has|have|in)[a-zåäö]+)? (?:{_NOUNS})\b"
)
_NGETTEXT: Final = re.compile(r"ngettext\((?:[^()]|\([^()]*\))*\)")
NEVER_ONE: Final = {
    "{x} dates can have hours": "a limit of 31",
    "{n} dates can have hours": "a limit of 31",
    "{n} desks or more": "five",
    "{places} spaces": "five",
    "{n} days ago": "two and more; less is shown in hours",
    "{n} days at {at}": "more than a week; less is shown as a weekday",
    "{n} booths, rooms": "fewer than five",
    "{most} spaces that were": "four",
    "{most} people are shown": "four",
    "{n} people here": "at least five; fewer are shown as fewer than five",
    "{n} people counted": "at least five",
    "{most} people": "at least five",
    "{n} more members": "ten and more",
    "{minutes} minutes": "a bucket",
    "{n} minutes, and how": "a bucket",
    "over {n} minutes": "a bucket",
    "{days} days ahead": "a limit of a year",
    "next {n} days": "a week",
    "%(n)s days": "a constant of ours, more than one",
    "last %(days)s days": "six weeks",
    "%(n)s weeks": "four",
    "{weeks} weeks or more": "four",
    "{n} weeks or more": "four",
    "last %(n)s times": "hundreds",
    "%(numbers)s more members": "five and more",
    "{n} stays": "at least five",
    "{n} desks would be free": "one has its own sentence",
    "{most} desks were taken at once": "more than the members, of five desks or more",
    "{text} members is too many": "a number with many digits",
    "{text} desks cannot be free": "more than there are",
    "{desks} shared desks": "five or more, or the page shows no growth",
    "%(desks)s desks": "five or more, or the page shows no growth",
    "{n} of {of} times": "a hit rate of twenty or more",
    "%(of)s times": "a hit rate of twenty or more",
    "{of} open hours": "of a week",
    "{of} weeks": "four or more",
    "%(days)s days in %(weeks)s weeks": "at least four weeks",
    "{x} minutes": "one has its own text",
    "{x} minuter": "one has its own text",
    "{x} weeks of example": "eight",
    "{x} of {x} days": "of eight weeks",
    "{x} days; give": "seven",
    "{x} times in the header": "none or several; one is right",
    "{longest} characters": "a limit",
    "{n} characters": "a limit of 200",
    "{x} characters": "a limit",
    "{days} days. Choose": "thirteen months",
    "%s files": "descriptors",
    ": %s streams": "descriptors",
    "fewer than {n} people": "the floor of five",
    "There are {value} people": "more than the places of a site, five at least",
    "{n} spaces or more": "the floor of five",
    "more than {n} people": "the places of a site, two at least",
    "zone={x} kind={x} days={x}": "not a sentence",
    "Triggered up to {n} times": "hundreds",
    "by at most {x} days": "a limit",
    "the {x} devices": "several, or nothing is reported",
    "{x} requests are already in": "a limit",
    "{x} streams open": "a limit of three or more",
    "{x} streams are in use": "a limit",
    "{n} connections in a row": "a threshold of three or more",
}
"""Texts whose number is never one, with the reason."""


def iter_texts(path: Path) -> Iterator[str]:
    """Yield every text that a file may show or log, except arguments of `ngettext`, which have a singular form."""
    if path.suffix == ".html":
        yield _NGETTEXT.sub("", path.read_text())
        return
    tree = ast.parse(path.read_text())
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            skipped.add(id(node.value))  # a docstring
        elif isinstance(node, ast.JoinedStr):
            skipped.update(id(part) for part in node.values)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "ngettext":
            skipped.update(id(part) for part in node.args)
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{x}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def find_plurals(text: str) -> list[str]:
    """Return the plurals of a text whose number may be one."""
    remaining = text
    for known in NEVER_ONE:
        remaining = remaining.replace(known, "")
    return [found[0] for found in _PLURAL.finditer(remaining)]


@pytest.mark.parametrize("package", ["collector", "dashboard", "edge", "ledig"])
def test_every_plural_after_a_number_has_a_form_for_one(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {plural}"
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in {".py", ".html"}
        for text in iter_texts(path)
        for plural in find_plurals(text)
    }
    assert found == set(), "use edge.process.plurals.format_count, or ngettext on pages"


@pytest.mark.parametrize(("count", "text"), [(0, "0 doors"), (1, "1 door"), (2, "2 doors")])
def test_count_is_formatted_with_its_noun(count: int, text: str) -> None:
    assert format_count(count, "door") == text


def test_irregular_plural_can_be_given() -> None:
    assert [format_count(n, "dörr", "dörrar") for n in (1, 2)] == ["1 dörr", "2 dörrar"]


def test_scan_finds_known_plurals() -> None:
    for text in ("{x} doors", "%d rows were", "{doors} dörrar.", "%(num)s more days", "{own} dedicated spaces"):
        assert find_plurals(text), text
