"""Turns returned mail and web requests into events on deliveries."""
