"""The front door: the command, the site file, the whole house in one go."""
