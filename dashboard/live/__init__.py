"""What is so now: the broker followed, the picture of the house, and its frames to every open page."""
