"""The pictures of the README: the example house after three weeks, as its pages look."""
