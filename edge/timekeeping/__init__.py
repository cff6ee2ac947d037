"""The time of an agent: its clocks, and the time of day of each event."""
