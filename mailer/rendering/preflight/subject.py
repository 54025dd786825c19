"""Looks at the subject line: its length, its tone, and whether it owns up to advertising."""

import re
import unicodedata
from collections.abc import Mapping

from mailer.i18n import _
from mailer.model.edition import Edition, fill_segments
from mailer.model.issue import Issue
from mailer.model.report import Finding, Severity
from mailer.rendering.preflight.places import issue_place, list_place, placed_texts
from mailer.rendering.values import width

COLUMNS = 80  # more than an inbox shows
# 互联网电子邮件服务管理办法 §13: advertising says "广告" or "AD" at the head of its subject
_OWNS_UP = re.compile(r"[（(【\[〔]?\s*(?:广告|AD\b)", re.IGNORECASE)
_SHOUTS = re.compile(r"[A-Z][A-Z\s!,.]{9,}")
_PRETENDS = re.compile(r"(?:re|fw|fwd|回复|答复|转发)\s*[:：]", re.IGNORECASE)
_SELLS = re.compile(
    r"优惠价|特价|折扣价|限时(?:优惠|抢购|特惠)|立减|满减|买一送一|包邮|团购价|促销(?:价|活动)|立即(?:购买|抢购|下单)|扫码购买|"
    r"招商加盟|诚招代理|(?:咨询|订购|抢购)热线|最低价|[一二三四五六七八九\d.]+折(?:优惠|起)"
)


def check_subject(edition: Edition, sample: Mapping[str, str]) -> list[Finding]:
    """Return what is odd about the subject of an edition; `sample` fills its slots."""
    subject = fill_segments(edition.subject, sample).strip()
    place = list_place(_("subject"), edition.list_name)
    mend = _("write another subject in issue.md")
    if not subject:
        return [Finding(Severity.ERROR, place, _("the subject is empty"), _("write one in issue.md"))]
    found: list[Finding] = []
    if width(subject) > COLUMNS:
        text = _("the subject is {n} columns long; an inbox shows about {limit}")
        found.append(Finding(Severity.WARNING, place, text.format(n=width(subject), limit=COLUMNS), mend))
    if (subject.isascii() and _SHOUTS.search(subject) and subject.upper() == subject) or subject.count("!") + (
        subject.count("！")
    ) > 1:
        text = _("the subject shouts, as spam does: {subject}").format(subject=subject)
        found.append(Finding(Severity.WARNING, place, text, mend))
    if _PRETENDS.match(subject):
        text = _("the subject pretends to be an answer: {subject}").format(subject=subject)
        found.append(Finding(Severity.WARNING, place, text, mend))
    return found


def check_advertising(edition: Edition, issue: Issue, sample: Mapping[str, str]) -> list[Finding]:
    """Return an error for declared advertising whose subject does not say so, and a note for what looks like some."""
    subject = unicodedata.normalize("NFKC", fill_segments(edition.subject, sample)).strip()
    owns_up = _OWNS_UP.match(subject) is not None
    if issue.advertisement and not owns_up:
        return [
            Finding(
                Severity.ERROR,
                list_place(_("subject"), edition.list_name),
                _("the issue is declared advertising, and its subject must begin with 广告 or AD"),
                _("begin the subject with “广告” or “AD” in issue.md"),
            )
        ]
    if issue.advertisement:
        return []
    if owns_up:
        text = _("the subject says it is advertising, the issue does not")
        return [Finding(Severity.NOTE, issue_place(issue), text, _("write `advertisement: true` into issue.md"))]
    for place, words in placed_texts(issue):
        if sells := _SELLS.search(words):
            text = _("“{words}” sounds like advertising").format(words=sells[0])
            cure = _("if it is, write `advertisement: true` and begin the subject with “广告”: the law asks for it")
            return [Finding(Severity.NOTE, place, text, cure)]
    return []
