"""What people see of it: pages, streams, feeds."""
