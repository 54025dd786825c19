"""The mark of a correction (更正) in its subject; the notice at its top is the templates'."""

import re

from mailer.i18n import N_

CORRECTION_MARK = N_("Correction: ")
# advertising must say so at the very head of its subject (互联网电子邮件服务管理办法 §13), so the mark follows that
_ADVERTISING = re.compile(r"[（(【\[〔]?\s*(?:广告|AD\b)\s*[）)】\]〕]?\s*[:：]?\s*", re.IGNORECASE)


def mark_subject(subject: str, mark: str) -> str:
    """Return the subject with the mark at its head, unless the editors have put it there; no mark changes nothing."""
    if not mark or subject.startswith(mark.strip()):
        return subject
    head = _ADVERTISING.match(subject)
    end = head.end() if head else 0
    return f"{subject[:end]}{mark}{subject[end:]}"
