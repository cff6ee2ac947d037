"""Decodes, validates and deduplicates what devices send."""
