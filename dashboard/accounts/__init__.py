"""Accounts of hosts: passwords, sessions, access log."""
