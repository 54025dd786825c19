"""Processes of our own for the tests that need several at once or kill them: forked from one that has us loaded.

A process started anew imports for a second first; where the commands themselves are what is tested they are started.
"""

import multiprocessing
from multiprocessing.context import ForkServerContext

LOADED = ["mailer.app", "tests.flow.newsletter"]


def fork_context() -> ForkServerContext:
    """Return multiprocessing's context whose processes begin with mailer.app imported."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(LOADED)
    return context
