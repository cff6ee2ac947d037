"""Settings of an agent."""
