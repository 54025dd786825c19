"""An issue on the web: for those who got it, by the link in their copy; for everybody; its pictures hosted."""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from pathlib import Path

import httpx
from PIL import Image

from tests.flow.newsletter import Newsletter, end
from tests.mail.line_server import free_port
from tests.relay import Relay


def make_newsletter(folder: Path, relay: Relay, port: int, archive: str, pictures: str) -> Newsletter:
    extra = f'[web]\nport = {port}\n[pictures]\nplace = "{pictures}"\n'
    news = Newsletter.make(folder, relay.port, extra)
    news.set_config('public_url = ""', f'public_url = "http://127.0.0.1:{port}"')
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize((900, 500)).save(buffer, "PNG")
    (news.folder / "issues/2020-07/chart.png").write_bytes(buffer.getvalue())
    file = news.folder / "issues/2020-07/issue.md"
    text = file.read_text("utf-8").replace("circulation:", f"archive: {archive}\ncirculation:")
    file.write_text(text + "\n![柱形图](chart.png)\n\n\\<script>alert(1)\\</script> 只是文字。\n", "utf-8")
    return news


@contextmanager
def serving(news: Newsletter) -> Iterator[httpx.Client]:
    """Run `serve`; the client waits until the pages are there."""
    process = news.start_serve()
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=6), trust_env=False) as client:
            yield client
    finally:
        assert end(process) == 0


def html_of(relay: Relay, address: str) -> str:
    message = message_from_bytes(relay.messages[address], policy=policy.default)
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def test_a_reader_opens_the_page_of_a_copy_and_a_stranger_does_not(tmp_path: Path, relay: Relay) -> None:
    port = free_port()
    news = make_newsletter(tmp_path / "news", relay, port, "members", "inline")
    news.approve()
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    link = re.search(rf"http://127\.0\.0\.1:{port}/v/[a-z2-7]+", html_of(relay, "reader@firm3.example"))
    assert link is not None
    with serving(news) as client:
        page = client.get(link[0])
        assert page.status_code == 200
        assert "正文第一段。" in page.text
        assert 'src="data:image/' in page.text
        assert "&lt;script&gt;" in page.text
        assert "<script" not in page.text
        assert client.get(link[0][:-2] + "aa").status_code == 404
        assert client.get(f"http://127.0.0.1:{port}/i/2020-07").status_code == 404


def test_a_public_issue_is_everybodys_and_its_pictures_are_fetched_by_address(tmp_path: Path, relay: Relay) -> None:
    port = free_port()
    news = make_newsletter(tmp_path / "news", relay, port, "public", "hosted")
    shown = Path(news.json("render", "2020-07", "--no-pdf")["editions"]["members"]["html"]).read_text("utf-8")
    assert "/p/" not in shown, "before the approval nobody can fetch it, so the file holds it"
    news.approve()
    assert news.json("send", "2020-07", "--wait")["accepted"] == 10
    mail = html_of(relay, "reader@firm3.example")
    picture = re.search(rf"http://127\.0\.0\.1:{port}/p/[0-9a-f]{{64}}\.\w+", mail)
    assert picture is not None
    assert "cid:" not in mail
    with serving(news) as client:
        given = client.get(picture[0])
        assert (given.status_code, given.headers["content-type"]) in {(200, "image/png"), (200, "image/jpeg")}
        assert Image.open(io.BytesIO(given.content)).size == (900, 500)
        assert "正文第一段。" in client.get(f"http://127.0.0.1:{port}/i/2020-07").text


def test_a_correction_is_public_beside_the_issue_it_corrects(tmp_path: Path, relay: Relay) -> None:
    port = free_port()
    news = make_newsletter(tmp_path / "news", relay, port, "public", "inline")
    news.approve()
    news.json("send", "2020-07", "--wait")
    news.run("correct", "2020-07", "--reason", "一处数字有误。")
    file = news.folder / "issues" / "2020-07-correction" / "issue.md"
    file.write_text(file.read_text("utf-8").replace("正文第一段。", "改正后的正文。"), "utf-8")
    news.approve("2020-07-correction")
    pages = f"http://127.0.0.1:{port}/i/2020-07"
    with serving(news) as client:
        assert "本期已有更正" not in client.get(pages).text, "it has not gone out yet"
        assert client.get(f"{pages}-correction").status_code == 404
    news.json("send", "2020-07-correction", "--wait")
    with serving(news) as client:
        original = client.get(pages, headers={"Accept-Language": "zh-CN"}).text
        assert "本期已有更正" in original
        assert "正文第一段。" in original
        correction = client.get(f"{pages}-correction").text
        assert "更正内容：一处数字有误。" in correction
        assert "改正后的正文。" in correction
        assert "本期已有更正" not in correction
