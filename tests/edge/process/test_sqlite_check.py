"""A page that cannot be read at the moment is not damage."""

import sqlite3

import pytest

from edge.process.sqlite_check import check_finding


@pytest.mark.parametrize("code", [sqlite3.SQLITE_IOERR, 266, 8458, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_BUSY])
def test_page_that_cannot_be_read_is_an_error_and_not_damage(code: int) -> None:
    with pytest.raises(sqlite3.OperationalError, match="Page 35") as caught:
        check_finding(f"*** in database main ***\nPage 35: unable to get the page. error code={code}")
    assert caught.value.sqlite_errorcode == code


def test_chained_page_that_cannot_be_read_is_an_error_and_not_damage() -> None:
    with pytest.raises(sqlite3.OperationalError) as caught:
        check_finding("*** in database main ***\nTree 4 page 7 cell 0: failed to get page 35")
    assert caught.value.sqlite_errorcode == sqlite3.SQLITE_IOERR


@pytest.mark.parametrize(
    "finding",
    [
        "*** in database main ***\nPage 35: unable to get the page. error code=11",
        "*** in database main ***\nTree 4 page 35 cell 2: Rowid 7 out of order",
        "wrong # of entries in index event_at",
    ],
)
def test_damage_is_returned_unchanged(finding: str) -> None:
    assert check_finding(finding) == finding
