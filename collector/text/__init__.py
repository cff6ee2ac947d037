"""The languages of pages and notifications."""
