"""Support for tests of the agent."""
