"""Copies of the site file: each version in effect, a limited number, readable by the collector's user only."""

from pathlib import Path

from collector.store.recovery.site_file_copies import list_site_copies
from edge.timekeeping.durations import DAY_MS
from ledig.site.site_copies import MAX_COPIES, save_site_copy


def test_each_version_is_copied_once_and_the_oldest_are_deleted(tmp_path: Path) -> None:
    site, folder = tmp_path / "site.toml", tmp_path / "backups"
    for number in range(MAX_COPIES + 5):
        site.write_text(f"version {number}")
        save_site_copy(site, folder, 1000 + number)
        save_site_copy(site, folder, 9000 + number)
    copies = sorted(folder.iterdir())
    assert [copy.read_text() for copy in copies] == [f"version {number}" for number in range(5, MAX_COPIES + 5)]
    assert {copy.stat().st_mode & 0o777 for copy in copies} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_failing_backup_folder_does_not_prevent_a_start(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text("version 1")
    save_site_copy(site, site / "backups", 1)
    assert [*tmp_path.iterdir()] == [site]


def test_files_with_other_names_are_ignored(tmp_path: Path) -> None:
    site, folder = tmp_path / "site.toml", tmp_path / "backups"
    folder.mkdir()
    foreign = ["site-old.toml", "site-.toml", "site-000009.toml", "site-000001-x.toml", "site-zz-1.toml"]
    for name in foreign:
        (folder / name).write_text("version 1")
    for number in range(MAX_COPIES + 2):
        site.write_text(f"version {number}")
        save_site_copy(site, folder, 1000 + number)
    assert {path.name for path in folder.iterdir()} >= set(foreign)
    assert [copy.number for copy in list_site_copies(folder)] == list(range(3, MAX_COPIES + 3))


def test_copies_replaced_long_ago_are_deleted_except_the_newest(tmp_path: Path) -> None:
    site, folder = tmp_path / "site.toml", tmp_path / "backups"
    for number, at_ms in enumerate([0, DAY_MS, 30 * DAY_MS]):
        site.write_text(f"version {number}")
        save_site_copy(site, folder, at_ms)

    def kept(now_ms: int) -> list[str]:
        save_site_copy(site, folder, now_ms)
        return [copy.path.read_text() for copy in list_site_copies(folder)]

    assert kept(36 * DAY_MS) == ["version 0", "version 1", "version 2"]
    assert kept(37 * DAY_MS) == ["version 1", "version 2"]
    assert kept(66 * DAY_MS) == ["version 2"]
    assert kept(999 * DAY_MS) == ["version 2"]
