"""Infers the state of a space from the evidence of its sensors."""
