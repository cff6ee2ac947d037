"""What events mean for a space: states and history."""
