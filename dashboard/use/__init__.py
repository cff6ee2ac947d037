"""How the site has been used: pure functions from history rows to figures, and from figures to texts."""
