"""CI fails for a skip without an allowed reason."""

import pytest

from tests.support.skips import is_forbidden_skip


@pytest.mark.parametrize(
    ("reason", "ci", "forbidden"),
    [
        ("Skipped: could not import 'x'", "true", True),
        ("Skipped: shared data absent: expected in ../shared", "true", False),
        ("not root: mounting needs root", "true", False),
        ("no browser", "", False),
    ],
)
def test_ci_forbids_a_skip_without_an_allowed_reason(reason: str, ci: str, forbidden: bool) -> None:
    assert is_forbidden_skip(reason, {"CI": ci}) is forbidden
