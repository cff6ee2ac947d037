"""Aggregates the journal into buckets of history."""
