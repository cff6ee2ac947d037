"""Support for tests of the pages."""
