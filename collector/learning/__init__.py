"""Learning from a space's own events: hold times, thresholds of readings, power levels of machines."""
