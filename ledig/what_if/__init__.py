"""Runs stored events again under other rules and compares the results."""
