"""What people and programs see of a site: pages, streams, feeds."""
