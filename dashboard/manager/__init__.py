"""What those who run the house see and do."""
