"""Texts in Swedish and English."""
