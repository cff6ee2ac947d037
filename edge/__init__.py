"""What happened at a sensor: events, kept until the collector has them."""
