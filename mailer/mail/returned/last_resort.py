"""flufl.bounce's detectors (Mailman's), asked where nothing else found a recipient; they raise on some mails."""

import email
import logging
import re
from collections.abc import Set
from itertools import islice

log = logging.getLogger(__name__)
_MAX_READ = 64 * 1024  # octets; its patterns are not made for more
_MAX_BLANKS = 1000  # the email package makes a mail of each block of a delivery status
_BLANK = re.compile(rb"\n[ \t\r]{0,80}(?=\n)")
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)  # it logs each detector, and each error that we catch


def ask_flufl(raw: bytes) -> tuple[list[str], list[str]]:
    """Return the addresses that flufl.bounce finds: failed for now, failed for good. Never raises."""
    from flufl.bounce import all_failures  # loads two dozen modules, and few mails need them

    try:
        late, failed = all_failures(email.message_from_bytes(_cap(raw[:_MAX_READ])))
        return _texts(late - failed), _texts(failed)
    except Exception:
        log.debug("flufl.bounce raised on a mail of %d octets", len(raw), exc_info=True)
        return [], []


def _cap(raw: bytes) -> bytes:
    last = next(islice(_BLANK.finditer(raw), _MAX_BLANKS, None), None)
    return raw[: last.start()] if last else raw


def _texts(found: Set[bytes]) -> list[str]:
    return sorted(text for address in found if "..." not in (text := address.decode("utf-8", "replace")))
