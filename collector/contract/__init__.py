"""Messages that the collector publishes. Public: the dashboard imports from here."""
