"""The users of the dashboard in tests."""

USER_NAME = "anna"
PASSWORD = "fyra gröna hästar går"  # noqa: S105 - only in tests
VIEWER_NAME = "vera"
"""A viewer with the same password."""
