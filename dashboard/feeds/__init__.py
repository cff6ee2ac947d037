"""Feeds for programs."""
