"""Copies of the site file: each version that was in effect, a bounded number, for the collector's user alone."""

from pathlib import Path

from ledig.site_copies import KEEP, keep_site_copy


def test_each_version_is_kept_once_and_the_oldest_go(tmp_path: Path) -> None:
    site, folder = tmp_path / "site.toml", tmp_path / "backups"
    for number in range(KEEP + 5):
        site.write_text(f"version {number}")
        keep_site_copy(site, folder, 1000 + number)
        keep_site_copy(site, folder, 9000 + number)
    copies = sorted(folder.iterdir())
    assert [copy.read_text() for copy in copies] == [f"version {number}" for number in range(5, KEEP + 5)]
    assert {copy.stat().st_mode & 0o777 for copy in copies} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_made_keeps_nobody_from_starting(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text("version 1")
    keep_site_copy(site, site / "backups", 1)
    assert [*tmp_path.iterdir()] == [site]
