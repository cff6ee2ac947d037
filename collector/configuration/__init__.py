"""Settings of the collector and of alerts. Public."""
