"""Pages to log in and to manage accounts."""
