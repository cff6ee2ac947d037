"""Support for tests that kill processes."""
