"""Runs one function at a time in a warm child process, with limits of time and memory.

Documents and templates come from outside, and some of them never end or fill the memory. The child dies in our place.
"""

from mailer.child.run import Child, Limits

__all__ = ["Child", "Limits"]
