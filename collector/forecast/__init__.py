"""Forecasts of free spaces and people."""
