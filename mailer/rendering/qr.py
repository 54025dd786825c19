"""The one home of segno: draws the QR code of an imprint as a small PNG."""

import functools
import io

from mailer.errors import IssueError
from mailer.i18n import _
from mailer.model.edition import Asset
from mailer.rendering.pictures import ShownPicture

SHOWN = 104  # CSS pixels, its white zone included
_SHARP = 3  # picture pixels to a CSS pixel: a phone's screen has as many
_QUIET_ZONE = 4  # modules (ISO/IEC 18004); part of the picture, so that it stays white on a dark screen


@functools.lru_cache(maxsize=8)
def _draw(address: str) -> bytes:
    return draw_secret_qr(address)


def draw_secret_qr(address: str) -> bytes:
    """Return a QR code as PNG, of which nothing is remembered here."""
    import segno

    code = segno.make(address, error="m", micro=False)
    modules = code.symbol_size(border=_QUIET_ZONE)[0]
    buffer = io.BytesIO()
    code.save(buffer, kind="png", scale=max(1, SHOWN * _SHARP // modules), border=_QUIET_ZONE, light="white")
    return buffer.getvalue()


def draw_qr(address: str, *, issue_file: str = "") -> ShownPicture:
    """Return the QR code of an address (ISO/IEC 18004, error correction M), with its white zone.

    The same address gives the same octets. Raises IssueError, naming `issue_file`, for an address too long for one.
    """
    try:
        content = _draw(address)
    except ValueError:  # segno.DataOverflowError
        raise IssueError(
            _("this address is too long for a QR code"),
            file=issue_file or None,
            field="imprint.qr",
            cure=_("write a shorter address"),
        ) from None
    return ShownPicture(Asset("qr.png", "image/png", content), SHOWN, SHOWN)
