"""Each privacy number and the set of seating kinds are defined once."""

import ast
import re

import pytest

from tests.support.servers import ROOT

_SEATS = {"DESK", "BOOTH", "ROOM"}
_SPELLED = re.compile(r"\b(fewer than|under|färre än) (five|5|fem)\b|\bfive (spaces|desks) or more\b", re.IGNORECASE)
"""A shown text with the number in words or digits, instead of a placeholder."""
_RETENTION = {
    "edge/contract/raw_retention.py: 72",
    "collector/site/privacy_limits.py: 35",
    "collector/site/privacy_limits.py: 396",
}
_NOT_RETENTION = {
    "collector/health/finding_rules.py: 72": "hours of power without a break",
    "collector/timekeeping/site_clock.py: 72": "the factor of catching up",
    "collector/store/recovery/site_file_copies.py: 35": "copies of the site file",
    "dashboard/use/growth_texts.py: 72": "pixels",
}
_TREES = {
    path: ast.parse(path.read_text())
    for package in ("collector", "dashboard", "edge", "ledig")
    for path in sorted((ROOT / package).rglob("*.py"))
}
_PRIVACY = ROOT / "collector/site/privacy_limits.py"


def test_floor_of_five_is_one_number() -> None:
    (defined,) = re.findall(r"Final = 5$", _PRIVACY.read_text(), re.MULTILINE)
    assert defined
    floors = [
        f"{path.relative_to(ROOT)}: {target.id}"
        for path, tree in _TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Constant) and node.value.value == 5
        for target in [node.target]
        if isinstance(target, ast.Name) and re.search(r"PEOPLE|PLACES|GROUP|FEW|SPACES", target.id)
    ]
    assert floors == ["collector/site/privacy_limits.py: MIN_SHOWN_GROUP"]


@pytest.mark.parametrize("path", sorted((ROOT / "dashboard/static").glob("*.js")), ids=lambda path: path.name)
def test_scripts_compare_no_count_with_a_literal_floor(path) -> None:
    assert re.findall(r"[<>]=? ?[45]\b", path.read_text()) == []


def test_seating_kinds_are_defined_once() -> None:
    found = [
        str(path.relative_to(ROOT))
        for path, tree in _TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Set) and {getattr(item, "attr", "") for item in node.elts} == _SEATS
    ]
    assert found == ["edge/contract/sensor_traits.py"]


def test_each_retention_period_is_one_number() -> None:
    found = {
        f"{path.relative_to(ROOT)}: {node.value}"
        for path, tree in _TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and type(node.value) is int and node.value in {72, 35, 396}
    }
    assert found == _RETENTION | set(_NOT_RETENTION), "compute it from the constant or the setting"


def test_shown_texts_take_the_number_from_its_definition() -> None:
    catalogue = (ROOT / "collector/translations/sv/LC_MESSAGES/messages.po").read_text()
    templates = [path.read_text() for path in (ROOT / "dashboard/templates").glob("*.html")]
    assert [text for text in (catalogue, *templates) if _SPELLED.search(text)] == []
