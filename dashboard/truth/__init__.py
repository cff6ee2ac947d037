"""Pages on which people report what they find in spaces, and what follows from it."""
