"""Turn sensor events into the states of spaces and their history."""
