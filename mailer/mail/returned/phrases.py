"""The words by which notices say that mail failed, is late, or is quoted: English and Chinese first, others where cheap.

They are plain phrases, searched in small letters and half width, as finding fifty phrases costs less than one clever
pattern and never more than time in proportion to the text.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable

FAILED = (
    "unable to deliver", "able to deliver", "unable to be delivered", "able to be delivered", "unable to complete", "unable to transfer",
    "unable to relay", "unable to send", "not be delivered", "n't be delivered", "not been delivered", "not delivered", "n't delivered",
    "not be successfully delivered", "not be reached", "n't be reached", "not reach", "n't reach", "not be sent", "n't be sent", "not receive",
    "not be relayed", "not be transmitted", "not be accepted", "not accepted", "not be transferred", "not be forwarded", "not deliver ",
    "n't deliver", "not send ", "not be completed", "undeliver", "unsuccessful", "failed", "failure", "fails", "fatal error", "permanent error",
    "permanent fatal", "had delivery problems", "delivery problem", "delivery error", "delivery notification", "delivery report", "delivery status",
    "nondelivery", "non-delivery", "nondeliver", "non-deliver", "delivery has", "problem delivering", "problems with the e", "problem with the e",
    "returned mail", "returned to sender", "returned e-mail", "been returned", "was returned", "been rejected", "was rejected", "is rejected",
    "were rejected", "been refused", "was refused", "been blocked", "was blocked", "was aborted", "been discarded", "been bounced", "was bounced",
    "rejected message", "rejected mail", "rejected by", "rejection notice", "encountered an error", "error occurred", "error has occurred",
    "error was detected", "errors were", "errors occurred", "nameserver error", "processing error", "system error", "mail error", "unknown user",
    "unknown recipient", "unknown address", "no such user", "no such recipient", "no such address", "invalid user", "invalid recipient",
    "invalid final", "bad address", "bad destination", "illegal address", "user unknown", "recipient unknown", "unknown local", "user not found",
    "mailbox unavailable", "mailbox not found", "mailbox is full", "mailbox full", "over quota", "overquota", "quota exceeded", "quota violation",
    "over disk quota", "exceeded", "no mailbox", "not listed in", "does not exist", "doesn't exist", "not exist", "does not like", "not exactly match",
    "following address", "following recipient", "following user", "following destination", "following e-mail", "following email", "bounce", "bounced",
    "not a valid", "no longer valid", "no longer available", "no longer exist", "not accepting mail", "account is disabled", "account has been",
    "disabled or discontinued", "this user doesn't have", "not known", "gives error", "error message", "error description", "error-text", "dead letter",
    "退信", "退回", "被退", "退件", "打回", "无法投递", "无法送达", "无法发送", "无法传递", "无法传送", "无法到达", "无法递送", "无法投送", "无法寄达",
    "无法成功", "不能投递", "不能送达", "不能发送", "未能送达", "未能投递", "未能发送", "未能成功", "未能到达", "未能传递", "未送达", "未投递", "没有送达",
    "投递失败", "发送失败", "传送失败", "传输失败", "递送失败", "发信失败", "投寄失败", "投送失败", "发件失败", "传递失败", "投递出错", "发送出错",
    "投递不成功", "发送不成功", "拒收", "拒绝接收", "拒绝了", "不存在", "失败的收件人", "失败地址", "投递异常", "無法傳遞", "無法投遞", "無法寄送", "無法送達",
    "無法遞送", "無法傳送", "未能傳遞", "未能送達", "未能寄達", "傳遞失敗", "寄送失敗", "遞送失敗", "傳送失敗", "投遞失敗", "退信原因",
    "配信でき", "配信に失敗", "配信されません", "配信エラー", "送信でき", "送信に失敗", "送信エラー", "送信されません", "配送でき", "配送に失敗", "配達でき",
    "送達でき", "届けられ", "届けでき", "届きません", "送れません", "エラーメール", "宛先不明", "見つかりません", "存在しません",
    "nicht zugestellt", "nicht ausgeliefert", "nicht übermittelt", "nicht erreicht", "unzustellbar", "fehlgeschlagen", "unbekannter empf", "nicht gefunden",
    "n'a pu", "n'a pas p", "pas été remis", "pas été distribu", "non remis", "non délivr", "échec de", "echec de", "impossible de", "pas etre delivre",
    "n'existe pas", "no pudo ser", "no ha podido", "no se pudo", "no se puede", "no se ha podido", "no fue entregad", "no entregad", "nao pode ser",
    "não pode ser", "não pôde", "não foi", "nao foi", "devuelto", "devolvid", "non è stato", "non e' stato", "mancato recapito", "mancata consegna",
    "impossibile", "error de entrega", "onbestelbaar", "niet afgeleverd", "niet bezorgd", "не может быть доставлен", "не было доставлен", "не удалось",
    "не доставлен", "недоставлен", "ошибка доставки", "невозможно доставить", "не существует", "반송", "전송하지", "전송할 수", "배달되지", "배달할 수",
)  # fmt: skip
LATE = (
    "delayed", "has not yet", "have not yet", "not yet been", "not yet delivered", "still being retried", "still trying", "still being tried",
    "still awaiting", "will be retried", "will continue", "will keep trying", "will retry", "will still", "will be kept", "continue to try",
    "continue trying", "continue to be made", "attempts will continue", "warning only", "warning message only", "only a warning", "just a warning",
    "only a notification about a delay", "postponed", "awaiting delivery", "temporarily deferred", "retry until", "retrying for", "need to resend",
    "need to re-send", "advisory-only", "warning: message", "delivery delay", "delivery incomplete", "transient non-fatal",
    "延迟", "延误", "暂未", "暂时未", "暂时无法", "暂时不能", "尚未投递", "尚未送达", "尚未发送", "尚未送到", "将继续", "会继续", "继续尝试", "自动重试", "将重试", "重新投递",
    "再次尝试", "再次投递", "稍后重试", "稍后将", "稍后会", "重试中", "延遲", "尚未傳遞", "繼續嘗試", "繼續傳遞", "遅延", "遅れて", "引き続き", "再送",
    "verzöger", "weiterhin versuch", "weiter versuch", "noch nicht", "retardé", "différé", "pas encore", "nouvelle tentative", "continuera", "demorad",
    "retrasad", "aún no", "seguirá intent", "reintent", "ritardo", "vertraagd", "задерж", "отложен", "ещё не", "повторн",
)  # fmt: skip
GIVEN_UP = (
    "given up", "giving up", "gave up", "not going to try again", "not be retried", "not retry", "will not try", "permanent", "no further", "been removed",
    "fatal error", "too long", "was aborted", "returned to sender", "being returned", "been returned", "undeliverable", "delivery failed", "expired",
    "last attempt was", "maximum", "no more attempts", "has failed", "time limit exceeded", "不再", "放弃", "停止投递", "停止尝试", "最终", "退回", "退信", "放棄", "endgültig", "définitiv", "окончательн",
)  # fmt: skip
SUBJECT = (
    "fail", "undeliver", "returned mail", "returned e-mail", "returned to", "not delivered", "not be delivered", "could not", "couldn't be", "nondeliver",
    "non-deliver", "non deliver", "delivery error", "delivery problem", "delivery report", "delivery status", "delivery notification", "delivery has",
    "delivery warning", "delivery incomplete", "delivery delay", "mail error", "mail system error", "error report", "processing error", "message rejected", "message blocked",
    "mail rejected", "rejected mail", "rejected:", "rejected message", "bounce", "mail delivery", "delivery subsystem", "delivery system", "unknown user", "user unknown", "not listed",
    "warning: ", "delayed", "message delay", "error during", "unzustellbar", "fehlgeschlagen", "nicht zugestellt", "zustellung", "non remis", "non recens", "non délivr", "échec", "echec de",
    "no entregad", "no se pudo", "no se ha", "devuelto", "error de", "mancat", "impossibile", "onbestelbaar", "退信", "退回", "被退", "无法投递", "无法送达", "无法发送", "投递失败", "送达失败",
    "发送失败", "传输失败", "传送失败", "发信失败", "投递延迟", "投递状态", "邮件失败", "投递报告", "传递状态", "退件", "無法", "失敗", "未送达", "未能送达", "未送達", "未傳遞", "拒收", "配信", "送信でき", "エラー",
    "戻り", "届", "返送", "недоставлен", "не доставлен", "не удалось", "доставк", "반송", "전송", "mail could not", "problem with your e",
)  # fmt: skip
# words that stand beside addresses which are there to be written to
CONTACT = (
    "contact", "assistance", "for help", "need help", "more help", "further help", "support", "question", "administrator at", "please send", "please forward", "please visit", "please refer",
    "please report", "please call", "please reply to", "report this", "reply to", "if you feel", "if you believe", "if you think", "if you need", "further information", "more information", "webmaster",
    "helpdesk", "help desk", "service desk", "customer service", "subscribe", "try emailing", "email to postmaster", "mail to postmaster", "new address", "has moved", "has changed to", "by alternate",
    "联系", "聯絡", "咨询", "客服", "举报", "反馈", "请发", "请写信", "如有", "帮助", "問い合わせ", "お問合せ", "wenden sie", "kontakt", "contacte", "обратитесь", "поддержк",
)  # fmt: skip
# the labels before a recipient's address on its line
NAMED = re.compile(
    r"(?:(?:(?:final|original|failed|intended|bad|invalid|unknown|undeliverable|rejected|envelope|actual)[- ])?(?:recipients?|users?|address(?:es)?|mailbox|destination|addressee)(?: ?\(e?s\))?(?: (?:e-?mail )?address(?:es)?)?(?: (?:is|was|has failed|failed))?"
    r"|userid|undeliver(?:able|ed)(?: mail| message)?(?: to| for)?|addressed to|error-for|rcpt to|failed to|delivered to|delivered for|deliver (?:your |this |the )?(?:message|mail|e-?mail)? ?to|attempts|e-?mail address|local mailbox|destined (?:to|for)"
    r"|deliver to|sent to|message to|mail to|e-?mail to|violation for|intended for|delivery to|message for|mail for|unknown|reach|reaching|not found|failed|failure"
    r"|收件(?:人|方|者)(?:地址|邮箱|信箱|帐号|账号)?|收信(?:人|方|者)(?:地址|邮箱)?|接收(?:人|方|者)(?:地址|邮箱)?|目的?标?(?:的)?地址|失败(?:的)?(?:地址|收件人|邮箱)|邮箱地址|邮件地址|退信地址|(?:发送|投递|送达|传递|递送|发)(?:到|至|给|往)(?:以下|下列)?(?:的)?(?:收件人|地址|邮箱|邮件地址)?"
    r"|收件者|宛先(?:アドレス)?|送信先|受信者|empf[äa]nger(?:adresse)?|destinataires?|destinatari[oa]s?(?: errad[oa])?|получател[ьяи]|адрес(?:ат|у)?|почтовый ящик)"
    r"\s{0,6}[:=-]?[\s<\"'`\[«(]{0,8}(?:smtp:|mailto:)?$"
)
# the labels of what is no recipient
NOT_RECIPIENT = re.compile(
    r"^[\s>*|•·-]{0,10}(?:from|sender|reply-to|return-path|mail from|message-?id|references|in-reply-to|resent-from|x-[\w-]{1,40}|received|envelope[ -]from|received-from-mta|发件人|发信人|寄件人|发送者|发送人|发件地址|发件方|寄件者|来自|差出人|送信元|送信者"
    r"|von|absender|de|expéditeur|remitente|от|отправитель|cc|bcc|抄送|密送|date|subject|主\s{0,3}题|list-[\w-]{1,20}|errors[ -]to|reporting-mta|message id|originator|sender address)(?: (?:address|地址))?\s{0,6}(?::|<\S{1,80}@)"
)
_DECORATION = re.compile(r"[\s>]{0,4}[-=*_#|+~<.]{2,100}")
_DECORATED = (
    "original", "copy of", "unsent", "undelivered message", "forwarded", "returned mail", "returned message", "message text", "message header", "message body", "headers", "header of",
    "below this line", "below the next line", "underneath", "message follows", "原邮件", "原始邮件", "原始信", "原信", "副本", "拷贝", "原稿", "原始郵件", "原郵件", "元のメール", "原文", "mensaje original", "mensagem original", "message d'origine", "ursprüngliche", "исходно", "оригинал",
    "returned  mail",
)  # fmt: skip
_NOUNS = ("original", "copy", "header", "returned", "undelivered", "unsent", "lines of", "your message", "message text", "your mail", "your e-mail")
_ENDINGS = ("follows", "follow", "following", "below", "below this line", "(in part)", "follows is", "attached below", "is following", "below the line")
_OPENINGS = (
    "here is a copy", "this is a copy", "included is a copy", "a copy of the original", "a copy of your", "a summary of the undelivered", "header of the source", "header of the original",
    "original message headers", "start of returned message", "message headers:", "the original message follows", "以下是您的原", "以下为原", "以下是原", "邮件原文", "元のメール", "原始邮件:", "原邮件内容", "原邮件如下", "原信如下",
    "original message:", "old message:", "original mail:", "your original message:", "--- 附件是您的邮件的一份拷贝", "message body suppressed",
)  # fmt: skip
_KEEPS = (
    "could not", "cannot", "unable", "was received", "were received", "delete your", "not deliver", "not sent", "undeliverable", "relates to", "fail", "following address", "following recipient", "following user", "following error",
    "following reason", "details", "退回的", "无法", "not been", "because", "information", "attached message had", "delivery notification", "following message", "following mail",
)  # fmt: skip
_HEADER_LINE = re.compile(
    r"[>| ]{0,4}(?:received: (?:from|by|\()|return-path: ?<|x-received: |dkim-signature: |delivered-to: |from \S{1,200} +(?:mon|tue|wed|thu|fri|sat|sun) )"
)


def find_lines(text: str, starts: list[int], phrases: Iterable[str]) -> set[int]:
    """Return the numbers of the lines of a text in which one of the phrases stands; starts are the lines' offsets."""
    found: set[int] = set()
    for phrase in phrases:
        at = text.find(phrase)
        for _time in range(100):
            if at < 0:
                break
            number = bisect_right(starts, at) - 1
            found.add(number)
            following = starts[number + 1] if number + 1 < len(starts) else len(text)
            at = text.find(phrase, following)
    return found


def has_phrase(text: str, phrases: Iterable[str]) -> bool:
    """True where one of the phrases stands in the text."""
    return any(phrase in text for phrase in phrases)


def begins_quotation(line: str) -> bool:
    """True where a line (small letters, half width) begins the mail that is sent back."""
    if _HEADER_LINE.match(line):
        return True
    if len(line) > 160 or "@" in line:
        return False
    bare = line.strip(" >-=*_#|+~<.:\t")
    if _DECORATION.match(line):
        return has_phrase(bare, _DECORATED) and not has_phrase(bare, _KEEPS)
    if has_phrase(line, _KEEPS):
        return False
    whole = line.strip()
    return whole.startswith(_OPENINGS) or (bare.endswith(_ENDINGS) and has_phrase(bare, _NOUNS)) or bare == "message removed"
