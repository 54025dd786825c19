"""A house with its API, and tokens for it."""

from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from fastapi import FastAPI

from mailer.app import House
from mailer.model.api_token import Scope
from mailer.model.people import UserRole
from mailer.web.api.app import create_api
from mailer.web.gauge import Gauge
from tests.flow.newsletter import Newsletter
from tests.web.serving import serving

ADMIN, CLERK = "管理", "经办"


@dataclass
class Api:
    """An API and a client of it with every scope."""

    house: House
    app: FastAPI
    client: httpx.Client
    token: str

    def with_scopes(self, *scopes: Scope, user: str = CLERK) -> dict[str, str]:
        _made, token = self.house.api_tokens.add(user, "test", scopes, None, ADMIN)
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    news = Newsletter.make(tmp_path_factory.mktemp("api") / "newsletter", 25)
    text = (news.folder / "config.toml").read_text("utf-8")
    free = '\n[lists.friends]\ntitle = "友好单位"\nrole = "发"\njoining = "staff"\n'
    (news.folder / "config.toml").write_text(text + free, "utf-8")
    house = House(news.folder)
    house.people.add(ADMIN, [UserRole.ADMIN])
    house.people.add(CLERK, [UserRole.EDITOR, UserRole.APPROVER, UserRole.SENDER], ADMIN)
    house.lists.sync()
    _made, token = house.api_tokens.add(CLERK, "test", list(Scope), None, ADMIN)
    app = create_api(house, Gauge(1e6, 1e6))
    with serving(app) as url, httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield Api(house, app, client, token)
    house.close()
