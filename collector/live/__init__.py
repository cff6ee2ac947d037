"""The current state of all spaces, and what must be published of it."""
