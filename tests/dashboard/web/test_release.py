"""An open page detects that the server runs another release of the pages."""

from pathlib import Path

import pytest

from dashboard.live.snapshot import SiteSnapshot
from dashboard.web import release
from tests.support.dashboard.site import MONDAY_10_MS, PLAN


def made(folder: Path) -> Path:
    for name in (
        "dashboard/static/board.js",
        "dashboard/templates/home.html",
        "collector/translations/sv/LC_MESSAGES/messages.mo",
    ):
        path = folder / name
        path.parent.mkdir(parents=True)
        path.write_text("as it was")
    return folder


@pytest.mark.parametrize(
    "part",
    ["dashboard/static/board.js", "dashboard/templates/home.html", "collector/translations/sv/LC_MESSAGES/messages.mo"],
)
def test_one_changed_byte_of_any_file_changes_the_release(tmp_path: Path, part: str) -> None:
    before, after = made(tmp_path / "before"), made(tmp_path / "after")
    assert release.compute_release_id(before) == release.compute_release_id(made(tmp_path / "again"))
    (after / part).write_text("as it is")
    assert release.compute_release_id(after) != release.compute_release_id(before)


def test_a_frame_of_another_release_differs_from_ours() -> None:
    marks = {SiteSnapshot(PLAN, name).build_frame(0.0, MONDAY_10_MS).plan for name in ("one", "other")}
    assert len(marks) == 2
