"""Chromium, for the tests that look at pages."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.conftest import need

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-proxy-server",
]  # fmt: skip

expect.set_options(timeout=30_000)  # as everything else of Playwright: a busy machine needs more than its five seconds


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser without network of its own; closed after the module that used it."""
    need(CHROMIUM.exists(), "Chromium", "apt-get install chromium fonts-noto-cjk")
    with sync_playwright() as playwright:
        # in the locale C Chromium cannot choose a file whose name is Chinese, and says nothing
        opened = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=FLAGS, env={**os.environ, "LC_ALL": "C.UTF-8"}
        )
        yield opened
        opened.close()
