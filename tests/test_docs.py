"""Documents are tested: what they say exists."""

import re
import shlex
import tomllib
from dataclasses import fields

import pytest
from typer.main import get_command

from mailer.config import Config, RepliesConfig, ReplyRule, load_config
from mailer.mail.replies import classify_reply, load_rules
from mailer.model.issue import Heading, Imprint, ListBlock, Notice, Paragraph, Picture, Quote, Table
from mailer.model.outcome import Action, Phase, Reply, ReplyClass
from mailer.model.report import ReportKind
from tests.config_reference import write_reference
from tests.conftest import REPOSITORY
from tests.lock_files import find_faults


def test_the_reference_of_the_settings_is_the_programs_own() -> None:
    for name, language in (("config.md", "en"), ("config.zh.md", "zh_CN")):
        written = (REPOSITORY / "docs" / name).read_text("utf-8")
        assert written == write_reference(language), "run `make reference`"


def test_every_setting_has_a_help_text() -> None:
    missing = [name for name, field in Config.model_fields.items() if not field.description and name not in _TABLES]
    assert missing == []


_TABLES = {
    "sender", "approval", "retry", "tempo", "bounces", "replies", "pictures", "proof", "web", "schedule", "staff",
    "suppression", "joining", "retention", "console", "log",
}  # fmt: skip


def test_the_repository_is_a_newsletter_folder() -> None:
    config = load_config(REPOSITORY)
    assert [name for name, _settings in config.lists_in_order()] == ["government", "members"]


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_commands_of_the_readme_exist(name: str) -> None:
    from mailer.cli.commands import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    text = (REPOSITORY / name).read_text("utf-8")
    lines = re.findall(r"^(?:\.venv/bin/)?mailer (.+?)(?:\s+#.*)?$", text, re.MULTILINE)
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line)
        assert words[0] in known, line
        inner = getattr(known[words[0]], "commands", None)
        if inner and len(words) > 1 and not words[1].startswith("-"):
            assert words[1] in inner, line


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "README.zh-CN.md",
        "docs/flow.md",
        "docs/writing.md",
        "docs/replies.md",
        "docs/month.md",
        "docs/notices.md",
    ],
)
def test_links_of_documents_lead_somewhere(name: str) -> None:
    file = REPOSITORY / name
    text = re.sub(r"```.*?```", "", file.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (file.parent / target).exists(), target


def test_the_guide_to_writing_names_every_key_of_an_issue() -> None:
    from mailer.sources.front_matter import KEYS

    text = (REPOSITORY / "docs" / "writing.md").read_text("utf-8")
    keys = (*KEYS, *(part.name for part in fields(Imprint)))
    assert [key for key in keys if f"`{key}`" not in text] == []


def test_the_guide_to_writing_shows_what_can_be_read() -> None:
    from mailer.sources.markdown import read_body

    text = (REPOSITORY / "docs" / "writing.md").read_text("utf-8")
    shown, table = re.findall(r"```markdown\n(.*?)```", text, re.DOTALL)
    (section,) = read_body(shown, file=REPOSITORY / "docs" / "writing.md", offset=0)
    (article,) = section.articles
    assert {type(block) for block in article.blocks} == {Paragraph, Heading, ListBlock, Quote, Notice, Picture}
    ((shown_table,),) = (one.blocks for one in read_body(table, file=REPOSITORY, offset=0))
    assert isinstance(shown_table, Table)
    assert shown_table.body[-1].total


def test_the_guide_to_replies_names_every_class_and_action_and_a_rule_that_works() -> None:
    text = (REPOSITORY / "docs" / "replies.md").read_text("utf-8")
    assert [name for name in (*ReplyClass, *Action) if f"`{name.value}`" not in text] == []
    (shown,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    rules = RepliesConfig.model_validate(tomllib.loads(shown)["replies"]).rules
    assert len(rules) == 2
    for rule in rules:
        for key, field in ReplyRule.model_fields.items():
            assert f"`{field.alias or key}`" in text
        meaning = classify_reply(Reply(550, "", rule.words[0], Phase.RCPT), rule.domains[0], load_rules(rules))
        assert meaning.rule == rule.name


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_lock_files_name_no_host_and_no_path(name: str) -> None:
    assert find_faults((REPOSITORY / name).read_text("utf-8")) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "--extra-index-url http://10.0.0.1/",
        "--find-links /opt/wheels",
        "mailer @ file:///home/someone/mailer",
        "-e /home/someone/mailer",
        "six==1.17.0",
    ],
)
def test_a_lock_file_with_a_host_a_path_or_no_hash_is_refused(line: str) -> None:
    assert find_faults(f"{line}\n    # via nothing\n")


def test_every_kind_of_returned_mail_is_documented() -> None:
    written = (REPOSITORY / "docs" / "returned.md").read_text("utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", written, re.MULTILINE)
    assert {*re.findall(r"^\| `([a-z-]+)` \|", written, re.MULTILINE)} - {"kind"} == {kind.value for kind in ReportKind}
