"""Sees whether a page managed to run a script: every one of ours that is hostile opens a dialog."""

from playwright.sync_api import Dialog, Page


def watch_dialogs(page: Page) -> list[str]:
    """Return a list that gets the text of each dialog the page opens."""
    seen: list[str] = []

    def note(dialog: Dialog) -> None:
        seen.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", note)
    return seen
