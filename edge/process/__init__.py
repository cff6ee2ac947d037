"""What every process of a site needs: its log, its files, its service manager, its threads."""
