"""Learns thresholds and holds of a space from its own past."""
