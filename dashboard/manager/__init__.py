"""The pages for hosts and viewers: live plan, use, forecast, growth, devices, alerts."""
