"""Reads the site file and the files that it names."""
