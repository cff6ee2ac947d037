"""Sensors of a device: how each kind is read, debounced and monitored."""
