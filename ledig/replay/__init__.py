"""Replays a recording through a real site and scores the result."""
