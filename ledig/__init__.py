"""The `ledig` command, the site file, and `ledig up`, which runs a whole site on one machine."""
