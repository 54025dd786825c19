"""`mailer serve` reads returned mail by itself, beside the clock."""

import mailbox
from pathlib import Path

from tests.flow.newsletter import Newsletter, end


def test_serve_reads_what_lies_in_the_maildir(tmp_path: Path) -> None:
    news = Newsletter.make(tmp_path / "news", 2525, '[bounces]\nmaildir = "returned"\n')
    box = mailbox.Maildir(news.folder / "returned", create=True)
    box.add(b"From: li@firm.example\nSubject: Re: bulletin\nIn-Reply-To: <x@y.example>\n\nThank you.\n")
    serving = news.start_serve()
    try:
        news.wait_until(lambda: "Thank you." in news.run("bounces", "list", "--answers").stdout)
    finally:
        assert end(serving) == 0
    assert [message.get_flags() for message in box] == [""], "it stays for a person"
