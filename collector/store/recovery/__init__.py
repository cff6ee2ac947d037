"""Checks and backups of the journal and the site file, and the restoration of a damaged journal."""
