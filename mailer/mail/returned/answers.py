"""Mails that a person's program or a person wrote in answer: automatic replies (RFC 3834), challenges, replies."""

import re

from mailer.mail.returned.parts import OpenedMail
from mailer.mail.returned.phrases import has_phrase, phrases_of

_AUTOMATIC_WORDS, _CHALLENGE = phrases_of("automatic"), phrases_of("challenge")

_AUTOMATIC_SUBJECT = re.compile(
    r"^\W{0,6}(?:(?:re|aw|回复|答复)\s?[:：]\s?)?(?:auto(?:mati[cks]{1,3}|matisch\w{0,3}|mated"
    r"|matique)?[- ]{0,2}(?:re(?:ply|sponse|sponder|ponse|spuesta)|antwort|svar|acknowledge\w{0,5})"
    r"|autoreply|auto:|out of (?:the )?office|out-of-office|ooo\b"
    r"|r[ée]ponse automatique|absence du bureau|abwesen|automatische|respuesta autom"
    r"|fuera de (?:la )?oficina|resposta autom|risposta automatica|fuori sede|away from (?:my "
    r"|the )?(?:mail|office|desk)|on (?:annual |sick |parental |maternity )?(?:leave|vacation|holiday)"
    r"|vacation\b|i am (?:away|out)|自动(?:回复|答复|应答|回覆)|自動(?:回覆|回復|回复|応答|返信|答覆)"
    r"|【?自动回复】?"
    r"|外出|休假|不在办公室|出差|不在公司|度假|年假|病假|产假|離開辦公室|不在辦公室|休暇|不在(?:の|通知)"
    r"|автоответ|автоматический ответ|нет на месте|부재중|자동 ?(?:응답|회신))"
)
_AUTOMATIC_FIELDS = (
    "X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Reply-From", "X-Auto-Reply", "X-AutoReply-From",
    "X-Mail-Autoreply", "X-Autoreply-Domain", "X-Vacation", "X-Apple-Action",
)  # fmt: skip
_CHALLENGE_SUBJECT = re.compile(
    r"(?i)confirm(?:ation)? (?:your|of your|needed|required|request)|please confirm"
    r"|verification (?:required|needed|request)|sender verification|verify your|\(?confirm\)?:"
    r"|\[spam ?arrest\]|boxbe|challenge|action required|needs? (?:your )?confirmation|waiting list|确认"
    r"|验证|確認|驗證"
)
_CONFIRMING = re.compile(r"https?://|reply|回复|回覆|confirm")
_READ_SUBJECT = re.compile(
    r"(?i)^\W{0,6}(?:已读|已阅读?|阅读回执|已读回执|read(?: receipt)?|read:|return receipt)\W?\s?[:：(（]"
)
_READ = re.compile(
    r"(?i)(?:邮件收条|已读回执|曾经?显示过"
    r"|已经?被?(?:对方|收件人)?(?:阅读|打开|查看|读取)|已读|was (?:read|displayed|opened)"
    r"|has been (?:read|opened))"
)
MAX_RECEIPT = 1500  # characters
_REPLY_SUBJECT = re.compile(
    r"(?i)^\W{0,6}(?:re|aw|antw|sv|res|rif|回复|回覆|答复|答覆|回信|转发|fw|fwd)\s?(?:\[\d+\])?\s?[:：]"
)


def has_automatic_subject(subject: str) -> bool:
    """True for a subject in small letters that says out of office, automatic reply or the like."""
    return _AUTOMATIC_SUBJECT.match(subject) is not None


def is_automatic(mail: OpenedMail, notice: str) -> bool:
    """True for an answer that nobody typed: out of office, vacation, received with thanks."""
    subject = mail.value("Subject").lower()
    submitted = mail.value("Auto-Submitted").lower()
    if submitted.startswith("auto-replied") or _AUTOMATIC_SUBJECT.match(subject):
        return True
    if any(mail.head.get(name) is not None for name in _AUTOMATIC_FIELDS):
        return True
    values = f"{mail.value('Precedence')} {mail.value('X-Precedence')} {mail.value('Preference')}".lower()
    if "auto_reply" in values or "auto-reply" in values or "autoresponder" in mail.value("Delivered-To").lower():
        return True
    if "autoresponder" in mail.value("X-POST-MessageClass").lower() or "vacation" in mail.value("X-Mailer").lower():
        return True
    hinted = (
        any(word in values for word in ("bulk", "junk", "list"))
        or mail.head.get("X-Auto-Response-Suppress") is not None
        or submitted.startswith("auto-generated")
        or mail.value("Return-Path") == "<>"
    )
    return hinted and has_phrase(notice[:1500].lower(), _AUTOMATIC_WORDS)


def is_challenge(mail: OpenedMail, notice: str) -> bool:
    """True where a filter wants the sender to prove that he is a person before it delivers."""
    subject = mail.value("Subject")
    head = notice[:4000].lower()
    if any(
        mail.value(name)
        for name in ("X-TMDA-Fingerprint", "X-Spamarrest-noauth", "X-SpamArrest", "X-AskVersion", "X-Boxbe")
    ):
        return True
    told = sum(phrase in head for phrase in _CHALLENGE)
    named = _CHALLENGE_SUBJECT.search(subject) is not None
    return _CONFIRMING.search(head) is not None and (told >= 2 or (told >= 1 and named))


def is_receipt_in_words(mail: OpenedMail, notice: str) -> bool:
    """True for a receipt without RFC 8098's parts, as web mail sends: its subject and its few words say it was read."""
    subject = _READ_SUBJECT.match(mail.value("Subject"))
    return subject is not None and len(notice) < MAX_RECEIPT and _READ.search(notice) is not None


def is_reply(mail: OpenedMail) -> bool:
    """True where the mail answers or forwards something, as people do."""
    answered = mail.head.get("In-Reply-To") is not None or mail.head.get("References") is not None
    return answered or _REPLY_SUBJECT.match(mail.value("Subject")) is not None
