"""Reads sensors and keeps their events until the collector has stored them."""
