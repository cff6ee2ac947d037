"""Support for tests of installed processes."""
