"""A newsletter folder with its console on a real socket, and its staff, each logged in with a client of their own."""

import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from mailer.app import House
from mailer.model.people import UserRole
from mailer.web.console.app import create_console
from mailer.web.console.desk import COOKIE
from tests.flow.newsletter import Newsletter
from tests.web.serving import serving

PASSWORD = "correct horse battery"
NAMES = {
    UserRole.ADMIN: "管理",
    UserRole.EDITOR: "拟稿",
    UserRole.APPROVER: "审签",
    UserRole.SENDER: "发送",
}


@dataclass
class Clerk:
    """A user at a browser without JavaScript."""

    name: str
    client: httpx.Client
    csrf: str = ""

    def get(self, path: str, status: int = 200, **params: Any) -> str:
        answer = self.client.get(path, params=params or None)
        assert answer.status_code == status, f"{path}: {answer.status_code} {answer.text[-600:]}"
        return answer.text

    def act(self, path: str, status: int = 303, files: Any = None, **fields: Any) -> httpx.Response:
        """Post a form with this session's token; 303 is an act that was done, 422 one that was refused."""
        answer = self.client.post(path, data={"csrf": self.csrf, **fields}, files=files)
        assert answer.status_code == status, f"{path}: {answer.status_code} {text_of(answer.text)[-900:]}"
        return answer

    def act_and_look(self, path: str, **fields: Any) -> str:
        """Post a form and return the page that it leads to."""
        return self.get(self.act(path, **fields).headers["location"])


def text_of(html: str) -> str:
    """The words of a page, without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


@dataclass
class Office:
    """A house whose console answers at `url`."""

    newsletter: Newsletter
    house: House
    url: str = ""
    clerks: dict[UserRole, Clerk] = field(default_factory=dict)
    _server: AbstractContextManager[str] = field(default_factory=lambda: nullcontext(""))

    @classmethod
    def open(cls, folder: Path, port: int = 25, extra: str = "") -> "Office":
        newsletter = Newsletter.make(folder, port, extra)
        house = House(folder)
        for role, name in NAMES.items():
            house.people.add(name, [role], "" if role is UserRole.ADMIN else NAMES[UserRole.ADMIN])
            house.access.set_password(name, PASSWORD, NAMES[UserRole.ADMIN])
        office = cls(newsletter, house)
        office._server = serving(create_console(house))
        office.url = office._server.__enter__()
        return office

    def visitor(self, language: str = "en") -> httpx.Client:
        """A browser that nobody has logged in at."""
        return httpx.Client(base_url=self.url, timeout=20, trust_env=False, headers={"Accept-Language": language})

    def clerk(self, role: UserRole) -> Clerk:
        """The user of a role, logged in."""
        if role not in self.clerks:
            client = self.visitor()
            answer = client.post("/login", data={"name": NAMES[role], "password": PASSWORD})
            assert answer.status_code == 303, answer.text
            session = self.house.access.find_session(client.cookies[COOKIE])
            assert session is not None
            self.clerks[role] = Clerk(NAMES[role], client, session.csrf)
        return self.clerks[role]

    @property
    def editor(self) -> Clerk:
        return self.clerk(UserRole.EDITOR)

    @property
    def approver(self) -> Clerk:
        return self.clerk(UserRole.APPROVER)

    @property
    def sender(self) -> Clerk:
        return self.clerk(UserRole.SENDER)

    @property
    def admin(self) -> Clerk:
        return self.clerk(UserRole.ADMIN)

    def close(self) -> None:
        for clerk in self.clerks.values():
            clerk.client.close()
        self._server.__exit__(None, None, None)
        self.house.close()
