"""Commands of `ledig` that need no running site."""
