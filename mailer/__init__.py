"""Jianbao publishes a periodical bulletin (简报) by e-mail and accounts for every copy."""

__version__ = "0.1.0"
