"""The page in docs/ is what the code prints today."""

from pathlib import Path

import pytest

from bench.accuracy.__main__ import PAGE
from bench.accuracy.harness import RECORDINGS
from bench.accuracy.page import page
from tests.accuracy.conftest import Measure
from tests.conftest import NO_SHARED_DATA


@pytest.mark.parametrize("recording", RECORDINGS)
def test_the_page_says_of_each_recording_what_is_measured(recording: str, measured: Measure, shared_data: Path) -> None:
    told = PAGE.read_text(encoding="utf-8")
    found = measured(recording)
    if not all(f"`{file}`" in told for file in found.files):
        pytest.skip(f"{NO_SHARED_DATA}: the page tells of other parts of {recording}")
    section = page({recording: found}).split("\n## ")[1]
    assert f"\n## {section.rstrip()}\n" in told


def test_the_page_tells_of_every_recording_and_of_the_goals_of_all(measured: Measure) -> None:
    found = {recording: measured(recording) for recording in RECORDINGS}
    if not all(f"`{file}`" in PAGE.read_text(encoding="utf-8") for each in found.values() for file in each.files):
        pytest.skip(f"{NO_SHARED_DATA}: the page tells of other parts of the recordings")
    assert page(found) == PAGE.read_text(encoding="utf-8")
