"""config.toml: one clear error with file, line, field and cure."""

from pathlib import Path

import pytest

from mailer.config import load_config, read_password
from mailer.errors import ConfigError, NotFoundError
from tests.conftest import REPOSITORY

CASES = sorted((Path(__file__).parent / "bad_config").glob("*.toml"))


def put(folder: Path, text: str) -> Path:
    (folder / "config.toml").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("case", CASES, ids=[case.stem for case in CASES])
def test_a_wrong_setting_is_named_with_its_line_and_cure(case: Path, tmp_path: Path) -> None:
    put(tmp_path, case.read_text("utf-8"))
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    error = caught.value
    said = f"{error}\n{error.cure}".replace(f"{tmp_path}/", "").strip() + "\n"
    assert said == case.with_suffix(".expected.txt").read_text("utf-8")


def test_there_are_cases() -> None:
    assert len(CASES) >= 8


def test_a_folder_without_settings_is_no_newsletter(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="not a newsletter folder"):
        load_config(tmp_path)


def test_lists_go_upward_first_whatever_their_order_in_the_file(tmp_path: Path) -> None:
    text = (REPOSITORY / "config.toml").read_text("utf-8")
    head, government, rest = text.partition("[lists.government]")
    block, members, tail = rest.partition("[lists.members]")
    members_block, relays, end = tail.partition("[relays.main]")
    swapped = head + members + members_block + government + block + relays + end
    config = load_config(put(tmp_path, swapped))
    assert [name for name, _settings in config.lists_in_order()] == ["government", "members"]


def test_the_password_comes_from_file_or_environment_and_is_never_shown(tmp_path: Path) -> None:
    base = (REPOSITORY / "config.toml").read_text("utf-8").replace('username = ""', 'username = "bulletin"')
    relay = load_config(put(tmp_path, base)).relays["main"]
    assert read_password(relay, tmp_path, {"MAILER_SMTP_PASSWORD": "word of secret"}) == "word of secret"
    with pytest.raises(ConfigError, match="MAILER_SMTP_PASSWORD") as caught:
        read_password(relay, tmp_path, {})
    assert "word of secret" not in str(caught.value)
    secret = tmp_path / "password"
    secret.write_text("from a file\n")
    secret.chmod(0o644)
    relay = load_config(put(tmp_path, base.replace("password_env =", 'password_file = "password"\n#'))).relays["main"]
    with pytest.raises(ConfigError, match="read by others"):
        read_password(relay, tmp_path, {})
    secret.chmod(0o600)
    assert read_password(relay, tmp_path, {}) == "from a file"


def test_no_password_of_a_database_is_ever_shown() -> None:
    said = [
        case.with_suffix(".expected.txt").read_text("utf-8") for case in CASES if "not-for-here" in case.read_text()
    ]
    assert len(said) >= 2
    assert not any("not-for-here" in text for text in said)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "postgresql:///mailer",
        "postgresql://mailer@db.zsia.example/mailer",
        "postgresql://mailer@[2001:db8::1]:5432/mailer?sslmode=verify-full",
        "postgresql://postgres:@/postgres?host=/run/postgresql",
        "postgresql://db.zsia.example:5432/mailer?application_name=a%40b",
    ],
)
def test_an_address_of_a_database_without_a_password_is_good(address: str, tmp_path: Path) -> None:
    text = (REPOSITORY / "config.toml").read_text("utf-8")
    assert load_config(put(tmp_path, f'database = "{address}"\n{text}')).database == address
