"""Support for tests that attack privacy."""
