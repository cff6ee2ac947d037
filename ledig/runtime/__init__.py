"""Starts, checks, supervises and stops processes of a site."""
