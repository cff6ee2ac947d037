"""The public member page at `/`."""
