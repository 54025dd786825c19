"""Summaries and series as values; pages and terminals draw them."""
