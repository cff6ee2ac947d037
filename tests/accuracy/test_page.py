"""The page in docs/ equals the output of the code."""

from pathlib import Path

import pytest

from bench.accuracy.__main__ import PAGE
from bench.accuracy.harness import MEASURED
from bench.accuracy.page import render_page
from tests.support.accuracy.figures import MeasureRecording
from tests.support.skips import NO_SHARED_DATA


@pytest.mark.parametrize("recording", MEASURED)
def test_page_has_the_measured_results_of_each_recording(
    recording: str, measured: MeasureRecording, shared_data: Path
) -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = measured(recording)
    if not all(f"`{file}`" in text for file in found.files):
        pytest.skip(f"{NO_SHARED_DATA}: the page was made from other files of {recording}")
    section = render_page({recording: found}).split("\n## ")[1]
    assert f"\n## {section.rstrip()}\n" in text


def test_page_has_every_recording_and_all_goals(measured: MeasureRecording) -> None:
    found = {recording: measured(recording) for recording in MEASURED}
    if not all(f"`{file}`" in PAGE.read_text(encoding="utf-8") for each in found.values() for file in each.files):
        pytest.skip(f"{NO_SHARED_DATA}: the page was made from other files")
    assert render_page(found) == PAGE.read_text(encoding="utf-8")
