"""The real bulletin, from its text to both lists' mailboxes."""

from pathlib import Path

from tests.flow.newsletter import Newsletter
from tests.relay import Relay

SECTIONS = ["行业要闻", "产业动态", "企业天地", "政策资讯", "热点追踪", "工作动态", "双软评估"]


def test_the_real_text_is_imported_approved_and_sent(tmp_path: Path, samples: Path, relay: Relay) -> None:
    news = Newsletter.make(tmp_path / "news", relay.port)
    text = str(samples / "bulletin-2020-07.txt")
    found = news.json("import", text, "--slug", "real")
    assert {key: found[key] for key in ("slug", "year", "number", "total", "date", "articles", "tables")} == {
        "slug": "real",
        "year": 2020,
        "number": 7,
        "total": 113,
        "date": "2020-07-31",
        "articles": 15,
        "tables": 1,
    }
    assert found["sections"] == SECTIONS
    assert [len(found["circulation"][role]) for role in ("报", "送")] == [6, 2]
    missing = [warning for warning in found["warnings"] if "717" in warning["cure"] + warning["text"]]
    assert [warning["line"] for warning in missing] == [160]

    again = news.run("import", text, "--slug", "real", code=1)
    assert "--slug" in again.stderr
    assert "--replace" in again.stderr
    folder = tmp_path / "news" / "issues" / "real"
    (folder / "by-hand.png").write_bytes(b"picture")
    replaced = news.json("import", text, "--slug", "real", "--replace")["warnings"]
    assert not (folder / "by-hand.png").exists()
    assert [warning for warning in replaced if "by-hand.png" in warning["text"]], "what goes with the old one is said"
    (kept,) = (tmp_path / "news" / "var" / "replaced").iterdir()
    assert sorted(path.name for path in kept.iterdir()) == ["by-hand.png", "issue.md"]

    refused = news.run("approve", "real", "--as", "主编", code=1)
    assert "preflight" in refused.stderr, "a total row that lacks a figure is not sent unseen"
    issue = tmp_path / "news" / "issues" / "real" / "issue.md"
    source = issue.read_text("utf-8")
    total = source.index("合计")
    empty = source.index("<td></td>", total)
    issue.write_text(source[:empty] + "<td>717</td>" + source[empty + len("<td></td>") :], "utf-8")

    news.run("approve", "real", "--as", "主编")
    figures = news.json("send", "real", "--wait")
    assert (figures["status"], figures["planned"], figures["accepted"]) == ("finished", 10, 10)
    assert set(relay.taken.values()) == {1}
    assert len(relay.taken) == 10
