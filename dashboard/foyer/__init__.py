"""The wall screen, the sensor register and the printed sign."""
