"""Time at the site, from clocks of which none is trusted alone."""
