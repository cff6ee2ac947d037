"""Writes the wire contract for machines: AsyncAPI and the broker's access rules."""
