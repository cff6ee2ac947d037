"""Support for tests of the collector."""
