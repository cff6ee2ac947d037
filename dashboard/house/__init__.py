"""Pages of the house itself: the screen in the foyer, the register of its sensors, the sign beside them."""
