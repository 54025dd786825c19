"""The footnotes of a page that Word saved: each stands at the page's end, and a link in the text points to it."""

from mailer.sources.web_page.markup import Element
from mailer.sources.web_page.style import read_style

_KINDS = ("footnote", "endnote")


def find_notes(root: Element) -> dict[str, Element]:
    """Return the footnotes and endnotes of a page by the target that links to them: #_ftn1."""
    return {
        f"#_{element.get('id')}": element
        for element in root.iterfind(".//div[@id]")
        if read_style(element).get("mso-element") in _KINDS
    }


def is_back_link(target: str) -> bool:
    """True for the link from a note to its place in the text: its number, which a note of ours has of itself."""
    return target.startswith(("#_ftnref", "#_ednref"))
