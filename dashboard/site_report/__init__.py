"""What hosts see of devices, findings and alerts."""
