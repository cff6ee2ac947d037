"""The forecast model: pure functions from past hours to coming hours."""
