"""The reasons for which a test may be skipped in CI."""

import os

NO_SHARED_DATA = "shared data absent"
NOT_ROOT = "not root"
NO_FAKETIME = "no libfaketime"
LONG_FORM = "only with --full"
ALLOWED_SKIP_REASONS = (NO_SHARED_DATA, NOT_ROOT, NO_FAKETIME, LONG_FORM)
"""With CI=true, a skip is allowed if its reason begins with one of these."""


def is_forbidden_skip(reason: str, environment: dict[str, str] | None = None) -> bool:
    """Return whether a skip for this reason must fail the run."""
    environment = dict(os.environ) if environment is None else environment
    return environment.get("CI") == "true" and not reason.removeprefix("Skipped: ").startswith(ALLOWED_SKIP_REASONS)
