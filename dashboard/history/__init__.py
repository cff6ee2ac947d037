"""Queries of history, within the privacy rules."""
