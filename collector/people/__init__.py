"""Estimates how many people are present."""
