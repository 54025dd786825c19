"""Looks at what stands in for a picture where it is not shown, or not seen."""

import re
from pathlib import PurePosixPath

from mailer.i18n import _
from mailer.model.issue import Issue, Picture
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import placed_blocks

# what programs and cameras call their files
_NAMELIKE = re.compile(
    r".*\.(jpe?g|png|gif|bmp|webp|tiff?|emf|wmf|svg)|"
    r"(image|img|picture|pic|photo|screenshot|screen shot|dsc|dscn|mmexport|wechat ?img|"
    r"微信图片|屏幕截图|截图|截屏|图片|图像|照片|图)"
    r"[\s_\-()（）\d.]*",
    re.IGNORECASE,
)


def check_pictures(issue: Issue) -> list[Finding]:
    """Return the pictures whose alt text is missing, or is a file's name."""
    found: list[Finding] = []
    for place, block in placed_blocks(issue):
        if not isinstance(block, Picture):
            continue
        alt = block.alt.strip()
        if not alt:
            text = _("the picture {file} has no alt text, and many readers' programs show no pictures at first")
        elif _NAMELIKE.fullmatch(alt) or alt == PurePosixPath(block.file).stem:
            text = _("the alt text of the picture {file} says nothing: {alt}")
        else:
            continue
        found.append(
            Finding(
                Severity.WARNING,
                place,
                text.format(file=block.file, alt=alt),
                _("write what the picture shows: ![what it shows]({file})").format(file=block.file),
            )
        )
    return found
