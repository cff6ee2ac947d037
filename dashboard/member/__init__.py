"""What members see before they come in."""
