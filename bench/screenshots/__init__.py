"""Screenshots of the README: the pages of the example site after three weeks."""
