"""Backups, checksums and locks of SQLite files."""
