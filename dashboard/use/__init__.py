"""How the house has been used: pure functions from rows of history to figures, and from figures to words."""
