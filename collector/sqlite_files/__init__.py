"""Backups, checksums and migrations of SQLite files."""
