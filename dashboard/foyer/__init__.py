"""What hangs in the foyer: the screen, the register of the sensors, the sign beside them."""
