"""What a space learns by itself: how long to hold, from which level a reading speaks of people, when machines work."""
