"""The journal: the one file in which the collector stores everything."""
