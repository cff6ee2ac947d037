"""No text says "1 doors": a number directly before a plural noun comes with a form for one, or is never one."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from collector.alerts.words import TEXTS
from edge.plurals import counted
from tests.servers import ROOT

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
    "{n} days ago": "two and more; less is told in hours",
    "{n} days at {at}": "more than a week; less is told by its weekday",
    "{n} booths, rooms": "fewer than five",
    "{most} spaces that were": "four",
    "{most} people are shown": "four",
    "{most} hours at most": "a constant of ours",
    "{n} people here": "at least five; fewer are told as fewer than five",
    "{n} people counted": "at least five",
    "{most} people": "at least five",
    "{n} more members": "ten and more",
    "{n} minutes to prevent": "fifteen",
    "{idle} minutes without": "a constant of ours",
    "{n} stays": "at least five",
    "{n} desks would be free": "one has a sentence of its own",
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
    "{x} minutes": "one has a word of its own",
    "{x} minuter": "one has a word of its own",
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
    "more than {n} people": "the places of a site, two at least",
    "zone={x} kind={x} days={x}": "no sentence",
    "Triggered up to {n} times": "hundreds",
    "by at most {x} days": "a limit",
    "the {x} devices": "several, or nothing is reported",
    "{x} requests are already in": "a limit",
    "{x} streams open": "a limit of three or more",
    "{x} streams are in use": "a limit",
    "{n} connections in a row": "a threshold of three or more",
}
"""Texts whose number is never one, and why."""


def texts(path: Path) -> Iterator[str]:
    """Everything that a file may show or log; what stands in `ngettext` has its form for one."""
    if path.suffix == ".html":
        yield _NGETTEXT.sub("", path.read_text())
        return
    tree = ast.parse(path.read_text())
    left_out: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr):
            left_out.add(id(node.value))  # a docstring
        elif isinstance(node, ast.JoinedStr):
            left_out.update(id(part) for part in node.values)
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "ngettext":
            left_out.update(id(part) for part in node.args)
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{x}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def plurals_in(text: str) -> list[str]:
    """The numbers before a plural noun of a text that may be one."""
    bare = text
    for known in NEVER_ONE:
        bare = bare.replace(known, "")
    return [found[0] for found in _PLURAL.finditer(bare)]


@pytest.mark.parametrize("package", ["collector", "dashboard", "edge", "ledig"])
def test_no_text_counts_one_of_a_plural(package: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {plural}"
        for path in sorted((ROOT / package).rglob("*"))
        if path.suffix in {".py", ".html"} and path != ROOT / "collector/alerts/words.py"
        for text in texts(path)
        for plural in plurals_in(text)
    }
    assert found == set(), "use edge.plurals.counted, or ngettext on pages"


def test_every_alert_that_counts_has_a_sentence_for_one() -> None:
    for known in TEXTS.values():
        bare = {key for key, text in known.items() if plurals_in(text) and f"{key}.one" not in known}
        # groups are of more than three, an alert for people begins above the places, and a title counts two or more
        assert {key for key in bare if not key.startswith(("many.", "title.many", "over.lost_events"))} <= {
            "what.over_capacity",
            "what.few_free.at_most",
        }


@pytest.mark.parametrize(("count", "text"), [(0, "0 doors"), (1, "1 door"), (2, "2 doors")])
def test_a_number_has_its_noun(count: int, text: str) -> None:
    assert counted(count, "door") == text


def test_an_irregular_noun_is_given() -> None:
    assert [counted(n, "dörr", "dörrar") for n in (1, 2)] == ["1 dörr", "2 dörrar"]


def test_the_scan_finds_the_kind() -> None:
    for text in ("{x} doors", "%d rows were", "{doors} dörrar.", "%(num)s more days", "{own} dedicated spaces"):
        assert plurals_in(text), text
