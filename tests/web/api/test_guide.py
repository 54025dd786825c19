"""docs/api.md: its calls are made, its routes and scopes are all there are, its settings are read."""

import re
import shlex
import tomllib
from typing import Any

import httpx
from fastapi import FastAPI

from mailer.config.log import LogConfig
from mailer.web.operations import create_operations
from tests.conftest import REPOSITORY
from tests.web.api.conftest import CLERK, Api
from tests.web.serving import serving

GUIDE = (REPOSITORY / "docs" / "api.md").read_text("utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def calls() -> list[list[str]]:
    """Every curl command of the guide, as its words."""
    lines = [line for kind, block in BLOCKS if kind == "sh" for line in block.replace("\\\n", " ").splitlines()]
    return [words[1:] for line in lines if (words := shlex.split(line)) and words[0] == "curl"]


def make(client: httpx.Client, words: list[str], token: str) -> httpx.Response:
    """Make the call that curl would make."""
    method, headers, body, address = "GET", dict[str, str](), None, ""
    rest = iter(words)
    for word in rest:
        match word:
            case "-X":
                method = next(rest)
            case "-H":
                name, _colon, value = next(rest).partition(": ")
                headers[name] = value.replace("$TOKEN", token)
            case "-d":
                body = next(rest)
            case _:
                assert not word.startswith("-"), word
                address = word
    path = re.fullmatch(r"http://127\.0\.0\.1:8026(/.*)", address)
    assert path, address
    return client.request(method, path[1], headers=headers, content=body)


def test_every_call_of_the_guide_does_what_it_says(api: Api) -> None:
    api.house.approvals.approve("2020-07", CLERK)
    first = api.house.mailings.schedule("2020-07", ["government"], by=CLERK)
    assert first.id == 1, "there is one already, as in the demo"
    whole = FastAPI(openapi_url=None)
    whole.mount("/api/v1", api.app)
    whole.include_router(create_operations(api.house))
    made: list[Any] = []
    with serving(whole) as url, httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
        for words in calls():
            answer = make(client, words, api.token)
            assert answer.status_code < 300, f"{words}: {answer.status_code} {answer.text}"
            made.append((words[-1], answer))
    assert len(made) > 12
    told = {address.rpartition("/")[2].partition("?")[0]: answer for address, answer in made}
    assert told["bulk"].json()["rows"][0]["result"] == "new"
    assert told["leave"].json()["left"] == ["friends"]
    assert told["cancel"].json()["status"] == "cancelled"
    assert api.house.contacts.tell("office@firm.example").contact is not None


def test_the_guide_names_every_route_with_its_scope(api: Api) -> None:
    written = set()
    for scope, cell in re.findall(r"^\| `(\w+:\w+)` \| (.+) \|$", GUIDE, re.MULTILINE):
        for part in cell.split(" · "):
            words = [word for code in re.findall(r"`([^`]+)`", part) for word in code.split()]
            methods = [word for word in words if word.isupper()]
            written |= {(method, path, scope) for method in methods for path in words if path.startswith("/")}
    described = {
        (method.upper(), path, operation["security"][0]["token"][0])
        for path, methods in api.app.openapi()["paths"].items()
        for method, operation in methods.items()
    }
    assert written == described


def test_the_settings_of_the_log_are_read() -> None:
    (block,) = [block for kind, block in BLOCKS if kind == "toml"]
    assert LogConfig.model_validate(tomllib.loads(block)["log"]).format == "json"
