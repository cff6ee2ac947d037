"""Rows of the manager pages: devices, findings, alerts, rejections, faults of the collector."""
