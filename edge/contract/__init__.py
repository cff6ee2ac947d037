"""The wire contract: messages, topics and the broker connection that every process uses."""
