"""The present: the broker's messages, the site snapshot made from them, and its frames for every open page."""
