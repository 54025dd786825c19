"""Every reply of the facts' table (smtp-replies-china.csv), in the forms in which servers give it."""

import csv
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailer.mail.replies import classify_reply
from mailer.mail.reply_lines import make_reply, parse_reply_text
from mailer.mail.reports import parse_report
from mailer.model.outcome import Meaning, Phase, Reply
from tests.mail.test_reply_providers import said

# rows that are meant otherwise here: (provider, text) -> class and action of ours, and why. None differs.
DIFFERENT: dict[tuple[str, str], tuple[str, str]] = {}

# which command is answered by what; what is named nowhere comes to RCPT, and a bounce's words have no phase
PHASES: tuple[tuple[str, Phase], ...] = (
    (r"HL:|IP is rejected|^IP in blacklist|WM:BLI", Phase.BANNER),
    (r"MI:NHD|bad syntax", Phase.EHLO),
    (r"[Aa]uthentication fail|fail authentication|授权码", Phase.AUTH),
    (r"MI:|WM:BLU|[Mm]ail from|MAIL FROM|NULL sender|Local user|MX only|User in blacklist|is required", Phase.MAIL),
    (r"DT:|local error|mailsize|Illegal|too large|content|Spam|spam|From|DATA|X-AliDM|quota|checks? failed", Phase.DOT),
)
OTHER_NUMBERS = {
    "MI:SFQ": (451, 554), "HL:ICC": (421, 554), "HL:IFC": (421, 554), "RP:QRC": (451, 550), "MI:DMC": (450, 451),
    "MI:CEL": (450, 451), "MI:CCL": (450, 451), "RP:DRC": (450, 451), "DT:RBL": (450, 451), "RP:CEL": (451, 550),
    "HL:MEP": (421, 450, 451),
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row: its provider, the codes and texts it may come with, and what it means."""

    provider: str
    text: str
    codes: tuple[int, ...]
    texts: tuple[str, ...]
    expected: str

    @property
    def phase(self) -> Phase:
        """The command it answers."""
        return next((phase for pattern, phase in PHASES if re.search(pattern, self.text)), Phase.RCPT)


def read_rows(folder: Path) -> list[Row]:
    """The rows of the table; alternatives become one text each, … the words that stand there."""
    found = []
    with (folder / "smtp-replies-china.csv").open(encoding="utf-8") as stream:
        for line in csv.DictReader(stream):
            text = re.sub(r" ?\(GBK bytes\)| \(personal invalid base\)", "", line["text"])
            if text.startswith("Monthly / Daily"):
                texts = ["Monthly sending quota exceeded", "Daily sending quota exceeded", "Not enough sending quota"]
            else:
                texts = text.split(" / ")
            texts = [one.replace("…", "mx.x.example[192.0.2.1]:25") for one in texts]
            codes = [0 if code == "-" else int(code) for code in line["code"].split("/")]
            codes += [code for code in OTHER_NUMBERS.get(text, ()) if code not in codes]
            expected = f"{line['class']} {line['action']}"
            ours = DIFFERENT.get((line["provider"], line["text"]))
            found.append(Row(line["provider"], text, tuple(codes), tuple(texts), ours[0] if ours else expected))
    return found


def forms_of(row: Row, code: int, text: str) -> Iterator[Reply]:
    """The ways a server, a relay or a bounce gives one text."""
    phase = row.phase
    wide = text.translate({ord(narrow): wide for narrow, wide in zip(":,.()/", "：，．（）／", strict=True)})
    tails = {
        "NetEase": " 163 smtp12,EcCowABXk5V+LtBfHQ--.1234S2 1595383422,please see http://mail.163.com/help/help_spam_16.htm?"
        "ip=192.0.2.1&hostid=smtp12&time=1595383422",
        "QQ MX": " [MDEyMzQ1Njc4OQ== IP: 192.0.2.1]. https://service.mail.qq.com/detail/122/167",
    }
    for words in (text, text.lower(), text.upper(), wide, text + tails.get(row.provider, ""), f"  {text}  "):
        if not code:
            yield parse_reply_text(words, phase)
            continue
        yield Reply(code, "", words, phase)
        yield Reply(code, f"{code // 100}.7.1", words, phase)
        yield Reply(code, f"{code // 100}.0.0", words, phase)
        yield parse_reply_text(f"smtp; {code} {words}", phase)
        yield parse_reply_text(
            f"host mx.x.example[192.0.2.1] said: {code} {words} (in reply to RCPT TO command)", phase
        )
        yield parse_reply_text(f"{code}-{code // 100}.0.0 {words}\r\n{code} {code // 100}.0.0 see the help", phase)
        octets = words.encode("gb18030")
        yield make_reply([b"%d-%s" % (code, octets), b"%d http://help.x.example/" % code], phase)
        yield make_reply([b"%d %d.0.0 %s" % (code, code // 100, octets)], phase)


def expected_of(row: Row, phase: Phase) -> str:
    """What a row means in a phase: before RCPT nothing is the reader's, and what would wait rests the relay."""
    if phase in (Phase.RCPT, Phase.DATA, Phase.DOT):
        return row.expected
    return re.sub(r" (?:retry|slow_domain)$", " pause_relay", row.expected)


@pytest.fixture(scope="module")
def table(samples: Path) -> list[Row]:
    """The rows, or a skip with one line."""
    return read_rows(samples)


def test_every_row_gets_its_class_and_action_in_every_form(table: list[Row]) -> None:
    wrong, count = [], 0
    for row in table:
        for code in row.codes:
            for text in row.texts:
                for reply in forms_of(row, code, text):
                    count += 1
                    meaning = classify_reply(reply, "qq.com" if row.provider == "QQ MX" else "")
                    if said(meaning) != expected_of(row, row.phase) or meaning.rule == "default":
                        wrong.append(f"{reply.phase} {reply}: {said(meaning)} by {meaning.rule}, not {row.expected}")
    assert not wrong, f"{len(wrong)} of {count}\n" + "\n".join(wrong[:40])
    assert len(table) == 100
    assert count > 4000


def test_every_row_is_told_in_the_phase_of_its_command_and_after_the_message_too(table: list[Row]) -> None:
    """A relay that defers its answer gives at the dot what belongs to RCPT; the meaning is the same."""
    assert {row.phase for row in table} == {Phase.BANNER, Phase.EHLO, Phase.AUTH, Phase.MAIL, Phase.RCPT, Phase.DOT}
    for row in table:
        for code in row.codes:
            for text in row.texts:
                for phase in (Phase.RCPT, Phase.DATA, Phase.DOT):
                    assert said(classify_reply(Reply(code, "", text, phase), "qq.com")) == row.expected, (row, phase)


def test_a_rate_limit_or_full_mailbox_is_never_permanent(table: list[Row]) -> None:
    lasting = ("gone", "inactive", "content", "opt_out")
    for row in table:
        for reply in (Reply(code, "", text, Phase.DOT) for code in row.codes for text in row.texts):
            permanent = classify_reply(reply).permanent
            assert not permanent or row.expected.startswith(lasting), reply
            assert not (permanent and reply.code // 100 == 4), reply


def test_every_exception_is_a_row_of_the_table(table: list[Row]) -> None:
    assert {key[0] for key in DIFFERENT} <= {row.provider for row in table}
    assert all(reason for _ours, reason in DIFFERENT.values())


def test_real_bounces_say_dead_only_where_they_are_final(samples: Path) -> None:
    folder = samples / "bounces" / "flufl"
    lines = [json.loads(line) for line in (folder / "expected.jsonl").read_text("utf-8").splitlines()]
    told: dict[str, list[Meaning]] = {}
    for line in lines:
        report = parse_report((folder / line["file"]).read_bytes())
        told.setdefault(line["file"], []).extend(one.meaning for one in report.recipients)
    passing = {line["file"] for line in lines if line["permanent"] is False}
    assert passing
    assert not [file for file in passing for meaning in told[file] if meaning.reply_class.hard or meaning.permanent]
    kinds = {file: meanings[0].reply_class.value for file, meanings in told.items() if meanings}
    assert kinds["dsn_14.txt"] == kinds["dsn_10.txt"] == kinds["dsn_16.txt"] == kinds["dsn_11.txt"] == "gone"
    assert (kinds["dsn_17.txt"], kinds["dsn_08.txt"]) == ("full", "temporary")
