"""The site: its plan, calendar, opening hours, privacy rules and adjustments. Public."""
