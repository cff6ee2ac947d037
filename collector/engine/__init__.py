"""The collector's loop: from messages to the journal, then to receipts and states."""
