"""A list whose copies carry the PDF and the files of the issue, another whose copies do not."""

from email import message_from_bytes, policy
from email.message import Message
from pathlib import Path

from tests.flow.newsletter import Newsletter
from tests.relay import Relay


def bytes_of(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def test_each_list_gets_the_files_its_settings_say_from_the_moment_of_approval(tmp_path: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    news.set_config('role = "送"', 'role = "送"\nattachments = ["pdf", "files"]')
    file = news.folder / "issues" / "2020-07" / "issue.md"
    file.write_text(file.read_text("utf-8").replace("circulation:", "attachments: [名录.csv]\ncirculation:"), "utf-8")
    (file.parent / "名录.csv").write_text("单位\n会员1\n", "utf-8")
    news.approve()
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10

    def attached(address: str) -> dict[str, bytes]:
        message = message_from_bytes(relay.messages[address], policy=policy.default)
        return {str(one.get_filename()): bytes_of(one) for one in message.iter_attachments()}

    assert attached("office@jxt.example") == {}
    first, second = attached("reader@firm1.example"), attached("reader@firm2.example")
    assert first == second
    assert list(first)[1:] == ["名录.csv"]
    assert first["名录.csv"].decode() == "单位\n会员1\n"
    name, pdf = next(iter(first.items()))
    assert name.startswith("某省软件业简报")
    assert name.endswith(".pdf")
    assert pdf.startswith(b"%PDF")
