"""`ledig init`: questions about a site, and the site file that their answers give."""
