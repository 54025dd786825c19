"""A newsletter folder with its public pages on a real socket: issues are published without a relay."""

import atexit
import shutil
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx

from mailer.app import House
from mailer.cli.readers import ReaderActions, create_public_app
from mailer.model.approval import ApprovalRules, IssueContent, Step
from mailer.model.delivery import MailingStatus
from mailer.model.edition import freeze_edition
from mailer.model.issue import Archive, Issue
from mailer.model.people import Actor
from mailer.publishing.approval import Submission, approve_issue
from mailer.publishing.mailing import schedule_mailing
from mailer.sending.plan import plan_mailing
from mailer.store import audience, mailings, notices
from mailer.tokens import Purpose, sign_token
from tests.flow.newsletter import Newsletter
from tests.web.serving import serving
from tests.world import make_edition, make_issue

PUBLIC_URL = "https://news.bulletin.example"
LISTS = """[lists.friends]
title = "订阅读者"
role = "送"
joining = "open"

[lists.weekly]
title = "行业快讯"
role = "送"
joining = "open"

[lists.board]
title = "理事名单"
role = "送"

"""


def make_page(title: str, headings: tuple[str, ...] = ("一件事",), text: str = "正文。") -> str:
    """A page as the templates make it, as far as the archive looks at it."""
    articles = "".join(f"<article><h3>{one}</h3><p>{text}</p></article>" for one in headings)
    return (
        f"<!DOCTYPE html><html lang='zh-CN'><head><title>{title}</title><style>p{{color:#123456}}</style></head><body>"
        f"<header><h1>简报</h1></header><nav><ul><li>目录里的话</li></ul></nav><main><h2>要闻</h2>{articles}</main>"
        "<footer><p>页脚里的话</p></footer></body></html>"
    )


@cache
def _new_folder() -> Path:
    """A newsletter folder with its database made, which takes most of the time, to be copied."""
    folder = Path(tempfile.mkdtemp(prefix="site-")) / "news"
    atexit.register(shutil.rmtree, folder.parent, ignore_errors=True)
    Newsletter.make(folder, 25)
    house = House(folder)
    house.open()
    house.close()
    return folder


@dataclass
class PublicSite:
    """A house whose public pages answer at `url`; its clock is the machine's, moved by `skew`."""

    newsletter: Newsletter
    house: House
    skew: list[timedelta]
    url: str = ""
    _open: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(
        cls, folder: Path, language: str = "", lists: str = LISTS, public_url: str = PUBLIC_URL, port: int = 25
    ) -> "PublicSite":
        shutil.copytree(_new_folder(), folder)
        newsletter = Newsletter(folder)
        newsletter.set_config("port = 25", f"port = {port}")
        newsletter.set_config('public_url = ""', f'public_url = "{public_url}"')
        newsletter.set_config('language = ""', f'language = "{language}"')
        newsletter.set_config("[relays.main]", f"{lists}[relays.main]")
        skew = [timedelta(0)]
        house = House(folder, lambda: datetime.now(UTC) + skew[0])
        house.lists.sync()
        site = cls(newsletter, house, skew)
        actions = ReaderActions(house)
        site._open.callback(actions.close)
        site.url = site._open.enter_context(serving(create_public_app(actions, house.config)))
        return site

    def reader(self, language: str = "en", network: str = "192.0.2.1") -> httpx.Client:
        """A browser, behind the proxy of this machine."""
        headers = {"Accept-Language": language, "X-Forwarded-For": network}
        return httpx.Client(base_url=self.url, timeout=20, trust_env=False, headers=headers)

    def publish(
        self,
        slug: str,
        page: str,
        day: date = date(2020, 7, 31),
        *,
        archive: Archive = Archive.PUBLIC,
        corrects: str = "",
        send: bool = True,
        lists: tuple[str, ...] = ("members",),
    ) -> int:
        """Approve an issue with this page, and begin its mailing; return the first delivery's number, or 0."""
        house, now = self.house, self.house.now()
        issue: Issue = replace(
            make_issue(slug),
            masthead=replace(make_issue(slug).masthead, date=day, year=day.year, number=day.month),
            corrects=corrects,
        )
        editions = [
            freeze_edition(replace(make_edition(name), issue=slug, page=page, archive=archive)) for name in lists
        ]
        with house.store.write() as connection:
            ids = audience.find_lists(connection, lists)
            rules = ApprovalRules((Step("签发"),))
            wanted = Submission(issue, IssueContent(f"{abs(hash((slug, page))):064d}"[-64:]), editions, {}, rules)
            approval = approve_issue(connection, wanted, Actor("主编"), now)
            if not send:
                return 0
            number = schedule_mailing(connection, approval, list(ids.items()), None, now)
            mailings.move_mailing(connection, number, MailingStatus.RUNNING, now)
            plan_mailing(connection, number, house.secret, "zsia.example", now)
        return number * 2**32 + 1

    def token(self, purpose: Purpose, number: int) -> str:
        return sign_token(self.house.secret, purpose, number)

    def standing(self, number: int) -> audience.Standing:
        """How the reader of a delivery stands with its list."""
        with self.house.store.read() as connection:
            found = audience.standing_of_delivery(connection, number)
        assert found is not None
        return found

    def mails(self) -> list[str]:
        """The bodies of the mails that wait to be sent to who asked for lists."""
        with self.house.store.read() as connection:
            return [one.body for one in notices.open_copies(connection, self.house.now(), by_mail=True)]

    def close(self) -> None:
        self._open.close()
        self.house.close()
