"""Word documents (.docx): a zip from strangers on one side, the pieces of a document on the other."""

from mailer.sources.word.reader import read_word, read_word_bytes

__all__ = ["read_word", "read_word_bytes"]
