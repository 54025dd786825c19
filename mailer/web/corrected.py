"""Says at the head of an issue's page that the issue was corrected, and leads to the correction.

The page itself is frozen with its edition; what became known later stands beside it.
"""

import re
from html import escape

from mailer.i18n import _

_BODY = re.compile(r"<body\b[^>]*>", re.IGNORECASE)
# of its own colours, as the page's are the templates' affair; contrast 9.6
_STYLE = (
    "margin:0;padding:12px 16px;text-align:center;font:16px/1.6 sans-serif;background:#FFF3CD;color:#4A3600;"
    "border-bottom:1px solid #4A3600"
)


def lead_to_correction(html: str, slug: str, base: str = "") -> str:
    """Return the page with a line at its top that leads to the correction of this slug."""
    said, lead = escape(_("This issue has been corrected.")), escape(_("read the correction"))
    link = f'<a href="{base}/i/{escape(slug, quote=True)}" style="color:#4A3600">{lead}</a>'
    note = f'<p role="note" style="{_STYLE}">{said} {link}</p>'
    body = _BODY.search(html)
    at = body.end() if body else 0
    return f"{html[:at]}{note}{html[at:]}"
