"""Pages of our own around what was made of an issue: for staff, and not for the templates of a newsletter."""

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mailer.i18n import current_language

_FOLDER = Path(__file__).parent
_HTML_LANGUAGE = {"zh_CN": "zh-CN", "en": "en"}
_frames = Environment(
    loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def draw_frame(name: str, values: Mapping[str, Any]) -> str:
    """Return the page NAME.html.j2 in the user's language, with NAME.js in it, which alone its policy lets run.

    Every value is escaped, but what is Markup.
    """
    script = (_FOLDER / f"{name}.js").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _frames.get_template(f"{name}.html.j2").render(
        lang=_HTML_LANGUAGE[current_language()],
        script=Markup(script),  # noqa: S704 - our file
        script_hash=digest,
        **values,
    )
