"""Edition and recipient to bytes, bytes over SMTP to an outcome, and returned bytes to what they report."""
