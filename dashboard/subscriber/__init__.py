"""Subscribes to the broker and keeps the live state of the site."""
