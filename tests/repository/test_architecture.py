"""docs/architecture.md agrees with the code: the path of an event, and the states of a space."""

import ast
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.contract.states import Occupancy
from collector.occupancy.evaluate import find_lapses, fold_events, merge_transitions
from collector.occupancy.evidence import EMPTY_EVIDENCE
from collector.occupancy.space_rules import build_space_rules
from collector.occupancy.state_transitions import STATE_TRANSITIONS
from ledig.contract import state_diagram
from tests.support.collector.room import HOUR
from tests.support.collector.simulated_spaces import Case, cases, rooms, stays
from tests.support.servers import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text()
MAX_FILES = 35
MAX_SHAPES = 12
DERIVED = {"bytes", "SpaceEvaluation"}
"""An encoded value, and evidence at one moment; docs/architecture.md says why they do not count."""


def read_section(name: str) -> str:
    _, _, after = TEXT.partition(f"<!-- {name} -->")
    section, end, _ = after.partition(f"<!-- /{name} -->")
    assert end
    return section


PATH = re.findall(r"^\| `([\w/.]+)` \| `(\w+)` \|$", read_section("path"), re.MULTILINE)
TRANSITIONS = {(each.before, each.after) for each in STATE_TRANSITIONS}


def list_names(source: str) -> set[str]:
    """List every name that a module uses, defines or imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            names.add(node.id)
        elif isinstance(node, ast.Attribute):
            names.add(node.attr)
        elif isinstance(node, ast.ClassDef | ast.alias):
            names.add(node.name)
    return names


def test_path_of_an_event_is_short() -> None:
    files, shapes = [file for file, _ in PATH], {shape for _, shape in PATH} - DERIVED
    assert len(files) == len(set(files))
    assert 30 <= len(files) <= MAX_FILES
    assert len(shapes) <= MAX_SHAPES, shapes


def test_every_file_on_the_path_handles_its_shape() -> None:
    wrong = [
        f"{file}: {shape}"
        for file, shape in PATH
        if not (ROOT / file).exists() or shape not in list_names((ROOT / file).read_text())
    ]
    assert wrong == []


def test_state_diagram_is_up_to_date() -> None:
    assert state_diagram.replace_diagram(TEXT) == TEXT, "run `make contract`"


def test_diagram_is_not_written_into_a_document_without_markers() -> None:
    with pytest.raises(ValueError, match=r"architecture\.md must contain"):
        state_diagram.replace_diagram("# Another document\n")


def test_each_transition_is_listed_once_and_every_state_is_reached() -> None:
    assert len(TRANSITIONS) == len(STATE_TRANSITIONS)
    assert {after for _, after in TRANSITIONS} == set(Occupancy)


@settings(max_examples=100)
@given(case=st.one_of(cases(), rooms(), stays()))
def test_every_transition_of_random_events_is_listed(case: Case) -> None:
    site, events = case
    rules = build_space_rules(site, "space")
    evidence, transitions = fold_events(EMPTY_EVIDENCE, events, rules)
    transitions += find_lapses(evidence, rules, events[-1].at_ms + 20 * HOUR)
    before = EMPTY_EVIDENCE.state
    for transition in merge_transitions(before, transitions):
        assert (before, transition.state) in TRANSITIONS
        before = transition.state
