"""The sensor register and the printed sign that leads to it."""
