"""Simulates people and their signals on mock pins."""
