"""A small newsletter in a database: what the tests of store and flows start from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from mailer.audience.sync import sync_list
from mailer.model.address import parse_address
from mailer.model.approval import ApprovalRecord, ApprovalRules, IssueContent, Step
from mailer.model.delivery import Contact, Delivery, DistributionList, MailingStatus
from mailer.model.edition import Edition, Slot, SlotContext, freeze_edition
from mailer.model.issue import Article, Imprint, Issue, Masthead, Paragraph, Role, Section, Text
from mailer.model.people import Actor
from mailer.publishing.approval import Submission, approve_issue
from mailer.publishing.mailing import schedule_mailing
from mailer.sending.plan import plan_mailing
from mailer.store import audience, claims, mailings
from mailer.store.database import Connection, Store
from mailer.tokens import HouseSecret

NOW = datetime(2020, 7, 31, 2, 0, tzinfo=UTC)
SECRET = HouseSecret(current=1, keys={1: b"a secret of the tests only, 32 o"})
LISTS = (
    DistributionList("government", "政府部门", Role.UPWARD),
    DistributionList("members", "会员单位", Role.SIDEWAYS),
)


def make_issue(slug: str = "2020-07", text: str = "正文。") -> Issue:
    """A short issue."""
    masthead = Masthead("某省软件业", "简报", "某省软件行业协会", 2020, 7, 113, date(2020, 7, 31))
    article = Article("一件事", (Paragraph((Text(text),)),))
    return Issue(slug, masthead, (Section("要闻", (article,)),), (), Imprint())


def make_edition(list_name: str, text: str = "正文。") -> Edition:
    """A short edition with every kind of slot."""
    name = Slot("recipient.name", SlotContext.TEXT, "读者")
    link = Slot("links.unsubscribe", SlotContext.URL)
    plain = Slot("links.unsubscribe", SlotContext.PLAIN)
    return freeze_edition(
        Edition(
            "2020-07",
            list_name,
            "zh_CN",
            ("简报 2020年第7期",),
            (f"<!DOCTYPE html><html><body><p>{text}", name, '<a href="', link, '">退订</a></p></body></html>'),
            (text, plain),
        )
    )


ONE_STEP = ApprovalRules((Step("签发"),))


def make_submission(
    content: IssueContent, editions: Sequence[Edition], rules: ApprovalRules = ONE_STEP, slug: str = "2020-07"
) -> Submission:
    """The short issue with some content and editions, as it is submitted; nobody counted readers."""
    return Submission(make_issue(slug), content, editions, {}, rules)


def approve(
    connection: Connection, sha256: str, editions: Sequence[Edition], by: str, now: datetime, slug: str = "2020-07"
) -> ApprovalRecord:
    """Submit and approve the short issue at once."""
    return approve_issue(connection, make_submission(IssueContent(sha256), editions, slug=slug), Actor(by), now)


def active_contacts(connection: Connection, list_id: int) -> list[Contact]:
    """Who is actively on a list, in its order."""
    on = [one for one in audience.read_subscribers(connection, list_id).values() if one.status == "active"]
    return [one.contact for one in sorted(on, key=lambda one: (one.position, one.subscription_id))]


def make_contact(address: str, name: str = "") -> Contact:
    """A contact by its address."""
    parsed = parse_address(address)
    return Contact(parsed.text, parsed.key, name=name, organisation="某单位")


@dataclass
class World:
    """A database with two lists, their subscribers, and one approved issue."""

    store: Store
    lists: dict[str, int]
    approval: ApprovalRecord

    @classmethod
    def build(cls, store: Store, government: int = 2, members: int = 5) -> "World":
        """Fill an empty database; member 1 is also on the government list."""
        with store.write() as connection:
            lists = audience.sync_lists(connection, LISTS)
            above = [make_contact(f"office{n}@gov.example") for n in range(1, government + 1)]
            beside = [make_contact(f"reader{n}@firm{n}.example") for n in range(1, members + 1)]
            sync_list(connection, lists["government"], above, "test", NOW)
            sync_list(connection, lists["members"], [*beside, above[0]], "test", NOW)
            editions = [make_edition(name) for name in lists]
            approval = approve(connection, "0" * 64, editions, "主编", NOW)
        return cls(store, lists, approval)

    def start_mailing(self, now: datetime = NOW) -> int:
        """Plan a mailing to both lists and set it running; return its id."""
        with self.store.write() as connection:
            mailing_id = schedule_mailing(connection, self.approval, list(self.lists.items()), None, now)
            assert mailings.move_mailing(connection, mailing_id, MailingStatus.RUNNING, now)
            plan_mailing(connection, mailing_id, SECRET, "zsia.example", now)
        return mailing_id

    def claim_all(self, mailing_id: int, now: datetime = NOW) -> list[Delivery]:
        """Claim everything that is due of a mailing, for an hour."""
        with self.store.write() as connection:
            (running,) = claims.running_mailings(connection, mailing_id)
            chosen = [(one, "main") for one in claims.find_candidates(connection, mailing_id, now, 1000)]
            until = now + timedelta(hours=1)
            return claims.take_deliveries(connection, running, chosen, "lease", until, now, SECRET)

    def add_member(self, address: str) -> None:
        """Put one more reader at the end of the members' list."""
        with self.store.write() as connection:
            contact = make_contact(address)
            ids = audience.save_contacts(connection, [contact], NOW)
            audience.subscribe_contacts(
                connection, self.lists["members"], [(ids[contact.key], 99)], "sheet", "test", NOW
            )

    def later(self, seconds: float) -> datetime:
        """A moment after NOW."""
        return NOW + timedelta(seconds=seconds)
