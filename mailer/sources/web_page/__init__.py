"""Web pages (.html), also those that Word saved, read into the pieces of a document; nothing is run or fetched."""

from mailer.sources.web_page.reader import read_web_page, read_web_page_bytes

__all__ = ["read_web_page", "read_web_page_bytes"]
