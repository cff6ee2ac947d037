"""`ledig up`: a whole site on one machine, with its own broker."""
