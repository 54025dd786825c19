"""Every table of the house, as SQLAlchemy Core; migrations/ brings a database to this shape."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    not_,
    text,
    type_coerce,
)
from sqlalchemy.types import NullType

from mailer.model.consent import ConsentAct
from mailer.model.delivery import DeliveryStatus, IssueStatus, MailingStatus
from mailer.model.people import UserRole

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite makes only an INTEGER key the row's own id
Key = BigInteger().with_variant(Integer, "sqlite")


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC in, aware UTC out; SQLite drops the zone, so a naive value never gets this far."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone reached the store")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, dialect: Dialect) -> datetime | None:
        """Return aware UTC."""
        if value is None:
            return None
        assert isinstance(value, datetime)
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    words = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=column)


# staff; a reader is a contact. Nobody is deleted: the trail names users by id
user_account = Table(
    "user_account",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(100), nullable=False),
    Column("name_key", String(300), nullable=False, unique=True),  # as model.people.fold_name gives it
    Column("display_name", String(100), nullable=False, server_default=""),
    Column("email", String(254), nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    Column("disabled_at", UtcTime),
)

user_role = Table(
    "user_role",
    metadata,
    Column("user_id", ForeignKey("user_account.id"), primary_key=True),
    Column("role", String(16), primary_key=True),
    _one_of("role", UserRole),
)

# how a user of the console proves who they are; a user without a row has neither password nor second factor
credential = Table(
    "credential",
    metadata,
    Column("user_id", ForeignKey("user_account.id"), primary_key=True, autoincrement=False),
    Column("password_hash", String(255), nullable=False, server_default=""),  # argon2id, with its parameters
    Column("password_set_at", UtcTime),
    # secrets of the second factor, sealed with a key of the house: the one that counts, and one not yet confirmed
    Column("factor", String(255), nullable=False, server_default=""),
    Column("factor_set_at", UtcTime),
    Column("factor_begun", String(255), nullable=False, server_default=""),
    Column("factor_step", BigInteger, nullable=False, server_default="0"),  # RFC 6238: the last one taken
)

# codes that stand in for the second factor, each once
recovery_code = Table(
    "recovery_code",
    metadata,
    Column("user_id", ForeignKey("user_account.id"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
    Column("used_at", UtcTime),
)

# browsers in which somebody is or was logged in; of the token only its SHA-256 is here
user_session = Table(
    "user_session",
    metadata,
    Column("id", Key, primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("user_id", ForeignKey("user_account.id"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime, nullable=False, index=True),
    Column("ended_at", UtcTime),
    Column("network", String(43), nullable=False, server_default=""),
    Column("agent", String(200), nullable=False, server_default=""),
)

# of other programs, each for a user
api_token = Table(
    "api_token",
    metadata,
    Column("id", Key, primary_key=True),
    Column("token_sha256", String(64), nullable=False, unique=True),
    Column("user_id", ForeignKey("user_account.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("scopes", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

# what the API has answered, or is about to, by the key that a caller gave: kept for a day, so that a call is made once
api_answer = Table(
    "api_answer",
    metadata,
    Column("token_id", ForeignKey("api_token.id"), primary_key=True, autoincrement=False),
    Column("key_sha256", String(64), primary_key=True),
    Column("request_sha256", String(64), nullable=False),  # of method, path and body
    Column("begun_at", UtcTime, nullable=False, index=True),
    Column("status", Integer),  # none: not answered yet
    Column("media_type", String(100), nullable=False, server_default=""),
    Column("body", LargeBinary),  # packed by zlib
)

# attempts to log in that failed, in a row, by what they are counted for: an HMAC of a name, a network or a browser
log_in_failure = Table(
    "log_in_failure",
    metadata,
    Column("subject", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failed_at", UtcTime, nullable=False, index=True),
    Column("blocked_until", UtcTime),
)

# users by what a provider of OpenID Connect calls them; one of them per provider, bound once
outside_identity = Table(
    "outside_identity",
    metadata,
    Column("issuer", String(255), primary_key=True),
    Column("subject", String(255), primary_key=True),
    Column("user_id", ForeignKey("user_account.id"), nullable=False),
    Column("bound_at", UtcTime, nullable=False),
    UniqueConstraint("issuer", "user_id"),
)

# append-only and chained; triggers made by migration 0006 refuse to change, delete or insert out of order, and a
# migration that rebuilds the table must make them again
audit_entry = Table(
    "audit_entry",
    metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),  # ISO 8601, as it was hashed
    Column("actor_id", ForeignKey("user_account.id")),
    Column("actor_name", String(200), nullable=False),  # of who is not registered; empty with an id
    Column("act", String(24), nullable=False),
    Column("subject_kind", String(16), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("details", Text, nullable=False),  # canonical JSON, as it was hashed
    Column("previous_sha256", String(64), nullable=False),
    Column("sha256", String(64), nullable=False, unique=True),
    Index("ix_audit_entry_subject", "subject_kind", "subject"),
)

issue = Table(
    "issue",
    metadata,
    Column("id", Key, primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("year", Integer, nullable=False),
    Column("number", Integer),
    Column("total", Integer),
    Column("supplement", String(100), nullable=False, server_default=""),
    Column("issued_on", String(10), nullable=False),
    Column("corrects", String(64), nullable=False, server_default=""),  # the slug of the issue it is a correction of
    Column("changed_at", UtcTime, nullable=False),
    _one_of("status", IssueStatus),
)

edition = Table(
    "edition",
    metadata,
    Column("id", Key, primary_key=True),
    Column("issue_id", ForeignKey("issue.id"), nullable=False, index=True),
    Column("list_name", String(32), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("stored", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("issue_id", "list_name", "sha256"),
)

# what is written on the page of an edition that everybody may read, as far as it is looked through
page_text = Table(
    "page_text",
    metadata,
    Column("edition_id", ForeignKey("edition.id"), primary_key=True, autoincrement=False),
    Column("title", Text, nullable=False),
    Column("headings", JSON, nullable=False),
    Column("words", Text, nullable=False),
    Column("folded", Text, nullable=False),  # title and words as they are searched: model.page_text.fold_text
)

asset = Table(
    "asset",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("media_type", String(100), nullable=False),
    Column("content", LargeBinary, nullable=False),
    Column("hosted", Boolean, nullable=False),  # only these are given to whoever knows their address
)

# one submission of an issue and what became of it: an approval once `approved_at` is set
approval = Table(
    "approval",
    metadata,
    Column("id", Key, primary_key=True),
    Column("issue_id", ForeignKey("issue.id"), nullable=False, index=True),
    Column("content_sha256", String(64), nullable=False),
    # issue.md as it was submitted, and name to sha256 of all its files: what a later change is compared with
    Column("source", Text),
    Column("files", JSON(none_as_null=True)),
    Column("rules", JSON, nullable=False),
    Column("submitted_by", String(200), nullable=False),
    Column("submitted_by_id", ForeignKey("user_account.id")),
    Column("submitted_at", UtcTime, nullable=False),
    Column("opinion", Text, nullable=False, server_default=""),
    Column("approved_at", UtcTime),
    Column("voided_at", UtcTime),
    Column("void_reason", String(16), nullable=False, server_default=""),
    Column("voided_by", String(200), nullable=False, server_default=""),
    Column("voided_by_id", ForeignKey("user_account.id")),
    Column("void_opinion", Text, nullable=False, server_default=""),
    Column("void_change", JSON(none_as_null=True)),
    Index(
        "uq_approval_standing",
        "issue_id",
        unique=True,
        sqlite_where=text("voided_at IS NULL"),
        postgresql_where=text("voided_at IS NULL"),
    ),
)

approval_step = Table(
    "approval_step",
    metadata,
    Column("approval_id", ForeignKey("approval.id"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", String(40), nullable=False),
    Column("given_by", String(200), nullable=False),
    Column("given_by_id", ForeignKey("user_account.id")),
    Column("opinion", Text, nullable=False, server_default=""),
    Column("given_at", UtcTime, nullable=False),
)

approval_edition = Table(
    "approval_edition",
    metadata,
    Column("approval_id", ForeignKey("approval.id"), primary_key=True),
    Column("edition_id", ForeignKey("edition.id"), primary_key=True),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("recipients", Integer),  # readers of its list when it was submitted; null: not counted
)

# mailed to staff: no deliveries, so they count nowhere
proof = Table(
    "proof",
    metadata,
    Column("id", Key, primary_key=True),
    Column("issue_slug", String(64), nullable=False, index=True),  # also of one that was never recorded
    Column("list_name", String(32), nullable=False),
    Column("edition_sha256", String(64), nullable=False),
    Column("issue_status", String(16), nullable=False),
    Column("sent_by", String(200), nullable=False),
    Column("sent_at", UtcTime, nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("reply", Text, nullable=False, server_default=""),
    _one_of("issue_status", IssueStatus),
)

distribution_list = Table(
    "distribution_list",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(32), nullable=False, unique=True),
    Column("title", String(200), nullable=False),
    Column("role", String(8), nullable=False),
    Column("position", Integer, nullable=False),
)

# the unit that contacts belong to; its name stands here only, deliveries freeze it as text
organisation = Table(
    "organisation",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("city", String(100), nullable=False, server_default=""),  # as its contacts have it; a name is one in a city
    Column("level", String(40), nullable=False, server_default=""),  # 省, 市, 县, or what the house calls it
    Column("kind", String(40), nullable=False, server_default=""),
    Column("phone", String(100), nullable=False, server_default=""),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("name", "city"),
)

contact = Table(
    "contact",
    metadata,
    Column("id", Key, primary_key=True),
    Column("address", String(254), nullable=False),
    Column("address_key", String(254), nullable=False, unique=True),
    Column("name", String(200), nullable=False, server_default=""),
    Column("title", String(200), nullable=False, server_default=""),
    Column("organisation_id", ForeignKey("organisation.id"), index=True),
    Column("city", String(100), nullable=False, server_default=""),
    Column("phone", String(100), nullable=False, server_default=""),
    Column("language", String(16), nullable=False, server_default=""),
    Column("attributes", JSON, nullable=False, server_default="{}"),  # short texts by name
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    # once a person is erased the row is a number that deliveries refer to, and its address_key an HMAC
    Column("erased_at", UtcTime),
)

subscription = Table(
    "subscription",
    metadata,
    Column("id", Key, primary_key=True),
    Column("contact_id", ForeignKey("contact.id"), nullable=False),
    Column("list_id", ForeignKey("distribution_list.id"), nullable=False),
    Column("status", String(16), nullable=False),
    Column("position", Integer, nullable=False),
    Column("basis", String(40), nullable=False),
    Column("source", String(200), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("left_at", UtcTime),
    Column("left_reason", String(200), nullable=False, server_default=""),
    Column("text_version", String(40), nullable=False, server_default=""),  # of the words that were agreed to
    UniqueConstraint("contact_id", "list_id"),
    # counts and pages of who stands so on a list, without touching a row
    Index("ix_subscription_standing", "list_id", "status", "contact_id"),
    CheckConstraint("status IN ('pending', 'active', 'left')", name="status"),
)

# a sheet of contacts that was brought in by a person; undone_at: when it was last undone, as far as it could be
contact_import = Table(
    "contact_import",
    metadata,
    Column("id", Key, primary_key=True),
    Column("list_id", ForeignKey("distribution_list.id"), nullable=False),
    Column("by_name", String(200), nullable=False),
    Column("by_id", ForeignKey("user_account.id")),
    Column("at", UtcTime, nullable=False),
    Column("file_name", String(255), nullable=False),
    Column("file_sha256", String(64), nullable=False),
    Column("basis", String(40), nullable=False),
    Column("counts", JSON, nullable=False),
    Column("undone_at", UtcTime),
    Column("undone_by", String(200), nullable=False, server_default=""),
    Column("undone_by_id", ForeignKey("user_account.id")),
    Column("undone_kept", Integer),  # contacts that the last undoing left as they were, as others had changed them
)

# what an import changed of one contact, and how that was before: as long as the contact itself is kept
contact_import_row = Table(
    "contact_import_row",
    metadata,
    Column("import_id", ForeignKey("contact_import.id"), primary_key=True),
    Column("contact_id", ForeignKey("contact.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("act", String(16), nullable=False),
    # the contact as it was, where the import wrote it
    Column("was_address", String(254)),
    Column("was_name", String(200)),
    Column("was_title", String(200)),
    Column("was_organisation", String(200)),
    Column("was_city", String(100)),
    Column("was_level", String(40)),
    Column("was_phone", String(100)),
    Column("was_changed_at", UtcTime),
    Column("wrote", JSON(none_as_null=True)),  # field to what the import wrote into it, of those that it changed
    # the subscription as it was, where it was there already
    Column("was_position", Integer),
    Column("was_source", String(200)),
    Column("was_basis", String(40)),
    Column("was_since", UtcTime),
    Column("was_left_at", UtcTime),
    Column("was_left_reason", String(200)),
    Column("now_position", Integer, nullable=False),
    CheckConstraint("act IN ('made', 'joined', 'resumed', 'kept')", name="act"),
)

# by whose leave, from the first time on; rows are added and never changed, but for the erasure of a person
consent_entry = Table(
    "consent_entry",
    metadata,
    Column("id", Key, primary_key=True),
    Column("contact_id", ForeignKey("contact.id"), nullable=False, index=True),
    Column("list_id", ForeignKey("distribution_list.id"), nullable=False),
    Column("what", String(16), nullable=False),
    Column("basis", String(40), nullable=False, server_default=""),
    Column("source", String(200), nullable=False),
    Column("by_name", String(200), nullable=False, server_default=""),  # as audit_entry.actor_name
    Column("by_id", ForeignKey("user_account.id")),
    Column("text_version", String(40), nullable=False, server_default=""),
    Column("detail", String(200), nullable=False, server_default=""),  # why, where somebody left
    Column("at", UtcTime, nullable=False),
    _one_of("what", ConsentAct),
)

# an address that is to confirm that it wants a list; one a day, however often it is asked for
join_request = Table(
    "join_request",
    metadata,
    Column("id", Key, primary_key=True),
    Column("address", String(254), nullable=False),
    Column("address_key", String(254), nullable=False),
    Column("domain", String(254), nullable=False),
    Column("day", String(10), nullable=False),
    Column("lists", JSON, nullable=False),
    Column("source", String(200), nullable=False),
    Column("network", String(43), nullable=False, server_default=""),
    Column("text_version", String(40), nullable=False, server_default=""),
    Column("asked_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("confirmed_at", UtcTime),
    UniqueConstraint("address_key", "day"),
    Index("ix_join_request_network", "network", "asked_at"),
    Index("ix_join_request_domain", "domain", "asked_at"),
)

# the daily clearing of what is older than the settings keep; the first clock of a day takes it
retention_run = Table(
    "retention_run",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("counts", JSON, nullable=False, server_default="{}"),
)

suppression = Table(
    "suppression",
    metadata,
    Column("id", Key, primary_key=True),
    Column("address_hash", String(64), nullable=False, unique=True),
    Column("reason", String(40), nullable=False),
    Column("source", String(200), nullable=False),
    Column("since", UtcTime, nullable=False),
    Column("until", UtcTime),  # lifted, or over, at this time: what failed before it counts no more
    Column("note", Text, nullable=False, server_default=""),  # the words of the person who entered it
)

mailing = Table(
    "mailing",
    metadata,
    Column("id", Key, primary_key=True),
    Column("issue_id", ForeignKey("issue.id"), nullable=False, index=True),
    # none while it is held for want of one
    Column("approval_id", ForeignKey("approval.id")),
    Column("status", String(16), nullable=False, index=True),
    Column("reason", Text, nullable=False, server_default=""),
    # what Message-IDs and tokens of its deliveries are made with, besides their id: fixed when it is planned
    Column("token_key", Integer, nullable=False, server_default="0"),
    Column("message_domain", String(254), nullable=False, server_default=""),
    Column("schedule", String(32), nullable=False, server_default=""),
    # also to addresses that the issue has reached: who wants that, and why
    Column("again_by", String(200), nullable=False, server_default=""),
    Column("again_reason", Text, nullable=False, server_default=""),
    Column("scheduled_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime),  # when its status last changed; staff are told once of each change
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    # its tempo, fixed when it is planned; quiet_hours such as "22:00-07:00 Asia/Shanghai"
    Column("list_pause_s", Float, nullable=False, server_default="0"),
    Column("spread_s", Float, nullable=False, server_default="0"),
    Column("quiet_hours", String(80), nullable=False, server_default=""),
    # how much of its spread has gone by, as of when
    Column("spread_gone_s", Float, nullable=False, server_default="0"),
    Column("spread_seen_at", UtcTime),
    Column("words_cleared_at", UtcTime),  # when the replies to its copies were too old to keep
    _one_of("status", MailingStatus),
)

mailing_list = Table(
    "mailing_list",
    metadata,
    Column("mailing_id", ForeignKey("mailing.id"), primary_key=True),
    Column("list_id", ForeignKey("distribution_list.id"), primary_key=True),
    Column("edition_id", ForeignKey("edition.id")),  # of the mailing's approval
    Column("position", Integer, nullable=False),
    # readers of the list when the mailing was last to start, and how many of them a person accepted
    Column("counted", Integer),
    Column("accepted", Integer),
    # only those of its readers whom one of these filters fits: model.segment as JSON; null: all
    Column("filters", JSON(none_as_null=True)),
    # of its last delivery: lists follow each other in the order of ids, so that a list is opened without touching a row
    Column("last_ordinal", BigInteger, nullable=False, server_default="0"),
    Column("opens_at", UtcTime),
)

# the only addresses a mailing goes to; none: all of its lists
mailing_only = Table(
    "mailing_only",
    metadata,
    Column("mailing_id", ForeignKey("mailing.id"), primary_key=True),
    Column("address_key", String(254), primary_key=True),
)

delivery = Table(
    "delivery",
    metadata,
    # mailing × 2^32 + ordinal: in sending order, and known before the insert; its tokens are signatures of it
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("mailing_id", ForeignKey("mailing.id"), nullable=False),
    Column("issue_id", ForeignKey("issue.id"), nullable=False),
    Column("list_id", ForeignKey("distribution_list.id"), nullable=False),
    Column("contact_id", ForeignKey("contact.id"), nullable=False),
    Column("edition_id", ForeignKey("edition.id"), nullable=False),
    Column("address", String(254), nullable=False),
    Column("address_key", String(254), nullable=False),
    Column("domain", String(254), nullable=False),
    Column("name", String(200), nullable=False),
    Column("title", String(200), nullable=False),
    Column("organisation", String(200), nullable=False),
    Column("city", String(100), nullable=False),
    Column("corrects_id", BigInteger),  # of a correction: the delivery that its reader got the issue with
    Column("status", String(16), nullable=False),
    Column("again", Boolean, nullable=False, server_default=text("false")),
    # cancelled, or sent again on purpose: another copy of the issue may go to the address
    Column("frees_address", Boolean, nullable=False, server_default=text("false")),
    Column("attempts", Integer, nullable=False, server_default="0"),  # those that count for the retry policy
    Column("last_attempt", Integer, nullable=False, server_default="0"),  # number of its newest attempt, counted or not
    Column("relay", String(32), nullable=False, server_default=""),  # of its newest attempt
    # Date of the message, fixed at the first claim: a retry repeats the same bytes
    Column("sent_date", UtcTime),
    # the clock of give_up_after: since the first attempt, less held_s, for which it was due and we kept it waiting
    Column("first_attempt_at", UtcTime),
    Column("held_s", Float, nullable=False, server_default="0"),
    Column("next_attempt_at", UtcTime),
    Column("lease", String(40)),
    Column("lease_until", UtcTime),
    Column("reply_class", String(24), nullable=False, server_default=""),
    Column("reply", Text, nullable=False, server_default=""),
    Column("finished_at", UtcTime),
    # it names no column that a sender writes, or each copy would pay for it
    Index(
        "uq_delivery_issue_address",
        "issue_id",
        "address_key",
        unique=True,
        sqlite_where=text("NOT frees_address"),
        postgresql_where=text("NOT frees_address"),
    ),
    # the few that the one above leaves out: together they find every copy to an address
    Index(
        "ix_delivery_freed",
        "address_key",
        sqlite_where=text("frees_address = 1"),
        postgresql_where=text("frees_address"),
    ),
    # claims read it in order, past domains that must wait, without touching a row
    Index(
        "ix_delivery_queue",
        "mailing_id",
        "next_attempt_at",
        "id",
        "domain",
        "list_id",
        sqlite_where=text("status = 'pending'"),
        postgresql_where=text("status = 'pending'"),
    ),
    Index("ix_delivery_count", "mailing_id", "status", "list_id"),
    _one_of("status", DeliveryStatus),
)


def keeps_address(of: Any = delivery) -> ColumnElement[bool]:
    """True for a delivery (of the table or an alias) that no other copy of its issue may stand beside.

    Written as uq_delivery_issue_address has it: SQLite takes that index for no other spelling, not even for `= 0`.
    """
    spelled: ColumnElement[Any] = type_coerce(of.c.frees_address, NullType())
    return not_(spelled)


attempt = Table(
    "attempt",
    metadata,
    Column("delivery_id", ForeignKey("delivery.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("relay", String(32), nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("dot_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("outcome", String(16), nullable=False, server_default=""),
    Column("phase", String(16), nullable=False, server_default=""),
    Column("code", Integer, nullable=False, server_default="0"),
    Column("enhanced", String(12), nullable=False, server_default=""),
    Column("reply", Text, nullable=False, server_default=""),
    Column("reply_class", String(24), nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

# how fast a relay ("relay:main") or a recipient domain ("domain:firm.example") may be written to just now
pace = Table(
    "pace",
    metadata,
    Column("subject", String(300), primary_key=True),
    Column("held_until", UtcTime),
    # learnt from rate replies: what it may take in a minute, what it took before, and since when
    Column("cap_per_minute", Float),
    Column("peak_per_minute", Float, nullable=False, server_default="0"),
    Column("changed_at", UtcTime, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("stopped", Boolean, nullable=False, server_default=text("false")),  # a person must look at it first
    Column("reason", Text, nullable=False, server_default=""),
)

# permits taken, counted in slices of each limit's window: what holds over restarts and processes
pace_use = Table(
    "pace_use",
    metadata,
    Column("subject", String(300), primary_key=True),
    Column("window_s", Integer, primary_key=True, autoincrement=False),
    Column("slice", BigInteger, primary_key=True, autoincrement=False),
    Column("used", Integer, nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("id", Key, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id"), nullable=False),
    Column("mailing_id", ForeignKey("mailing.id"), nullable=False),
    Column("list_id", ForeignKey("distribution_list.id"), nullable=False),
    Column("kind", String(24), nullable=False),
    Column("hard", Boolean, nullable=False, server_default=text("false")),
    Column("reply_class", String(24), nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("source", String(200), nullable=False),
    Column("happened_at", UtcTime, nullable=False),
    # model.report.Tie: what ties a report to the delivery; empty for what is no report
    Column("tie", String(16), nullable=False, server_default=""),
    Column("about", String(254), nullable=False, server_default=""),  # another address than the delivery's
    UniqueConstraint("delivery_id", "kind", "source"),
    Index("ix_event_mailing_kind", "mailing_id", "kind"),
)

# mails that came back and are not events on a delivery, or only perhaps: people read and settle these
returned_mail = Table(
    "returned_mail",
    metadata,
    Column("id", Key, primary_key=True),
    Column("sha256", String(64), nullable=False, unique=True),
    Column("kind", String(24), nullable=False),
    Column("answer", Boolean, nullable=False),  # a person seems to have written it
    Column("tie", String(16), nullable=False, server_default=""),
    Column("delivery_id", ForeignKey("delivery.id"), index=True),
    Column("source", String(300), nullable=False),
    Column("sender", String(254), nullable=False, server_default=""),
    Column("subject", Text, nullable=False, server_default=""),
    Column("sent_at", UtcTime),
    Column("first_lines", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Column("read_at", UtcTime, nullable=False),
    Column("done_at", UtcTime),  # null: it waits for a person
    Column("done_by", String(100), nullable=False, server_default=""),
    Column("cleared_at", UtcTime),  # its words are gone; the row stays, or the same mail would be kept again
    # what a person said of it, and what has to be put back when that is taken back: see tracking/by_reading.py
    Column("meaning", String(16), nullable=False, server_default=""),
    Column("hand_delivery_id", ForeignKey("delivery.id"), index=True),
    Column("note", Text, nullable=False, server_default=""),
    Column("undo", JSON(none_as_null=True)),
    Index("ix_returned_mail_answer", "answer", "id"),
)

# how far a folder of a mailbox has been read; another UIDVALIDITY means that UIDs are given anew (RFC 3501 §2.3.1.1)
mailbox_place = Table(
    "mailbox_place",
    metadata,
    Column("mailbox", String(400), primary_key=True),
    Column("uid_validity", BigInteger, nullable=False),
    Column("last_uid", BigInteger, nullable=False),
    Column("read_at", UtcTime, nullable=False),
)

# what providers' webhooks have brought lately: each once, and never the same with other content
hook_seen = Table(
    "hook_seen",
    metadata,
    Column("hook", String(32), primary_key=True),
    Column("name", String(64), primary_key=True),  # sha256 of the provider's own id of it
    Column("body_sha256", String(64), nullable=False),
    Column("seen_at", UtcTime, nullable=False, index=True),
)

# requests for tracked links and pictures, each a fact about a request; the verdict is an opinion, and can be made anew
reading_event = Table(
    "reading_event",
    metadata,
    Column("id", Key, primary_key=True),
    Column("delivery_id", ForeignKey("delivery.id")),  # none where a list is counted as a whole
    Column("mailing_id", ForeignKey("mailing.id"), nullable=False),
    Column("list_id", ForeignKey("distribution_list.id"), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("link", Integer, nullable=False),  # number in the edition's links, 0 for an open
    Column("happened_at", UtcTime, nullable=False),
    Column("method", String(8), nullable=False),
    Column("agent", String(300), nullable=False),
    Column("network", String(43), nullable=False),
    Column("prefetch", Boolean, nullable=False),
    Column("verdict", String(8), nullable=False),
    Column("reason", String(40), nullable=False),
    CheckConstraint("kind IN ('open', 'click')", name="kind"),
    CheckConstraint("verdict IN ('human', 'machine', 'unknown')", name="verdict"),
    Index("ix_reading_event_delivery", "delivery_id", "happened_at"),
    # what reports count: readers by list, and clicks by link
    Index("ix_reading_event_readers", "mailing_id", "list_id", "kind", "verdict", "delivery_id"),
    Index("ix_reading_event_links", "mailing_id", "list_id", "link", "verdict", "delivery_id"),
)

# what a report last counted of a large mailing, and a mark by which is told whether more has become known since
figure_digest = Table(
    "figure_digest",
    metadata,
    Column("mailing_id", ForeignKey("mailing.id"), primary_key=True, autoincrement=False),
    Column("mark", Text, nullable=False),
    Column("figures", Text, nullable=False),  # JSON; counts only, nothing of a person
    Column("counted_at", UtcTime, nullable=False),
)

schedule_seen = Table(
    "schedule_seen",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("first_seen_at", UtcTime, nullable=False),
    # what decided its dates when it was first seen: with another rule it is another schedule
    Column("rule", Text, nullable=False, server_default=""),
)

occurrence = Table(
    "occurrence",
    metadata,
    Column("id", Key, primary_key=True),
    Column("schedule", String(32), nullable=False),
    # "YYYY-MM-DD HH:MM" where the schedule is meant: a time that clocks show twice comes once
    Column("local_at", String(16), nullable=False),
    # what the rule calls it wherever the calendar puts it, such as 2026-02; empty where no rule said
    Column("key", String(40), nullable=False, server_default=""),
    Column("due_at", UtcTime, nullable=False),
    Column("fired_at", UtcTime, nullable=False),
    Column("mailing_id", ForeignKey("mailing.id")),
    Column("result", Text, nullable=False, server_default=""),
    UniqueConstraint("schedule", "local_at"),
)

# what was done before an occurrence: its issue opened, editors reminded; once each, whatever becomes of it
schedule_step = Table(
    "schedule_step",
    metadata,
    Column("schedule", String(32), primary_key=True),
    Column("local_at", String(16), primary_key=True),  # of the occurrence, where the schedule is meant
    Column("step", String(16), primary_key=True),
    Column("done_at", UtcTime, nullable=False),
    Column("issue_slug", String(64), nullable=False, server_default=""),
    Column("result", Text, nullable=False, server_default=""),
)

# a short message to staff, written once; its copies are tried until one of them is taken, or until_at
notice = Table(
    "notice",
    metadata,
    Column("id", Key, primary_key=True),
    Column("about", String(120), nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("attached", LargeBinary),  # a mail that it hands on, until it is taken
    Column("made_at", UtcTime, nullable=False),
    Column("until_at", UtcTime, nullable=False),
)

notice_copy = Table(
    "notice_copy",
    metadata,
    Column("notice_id", ForeignKey("notice.id"), primary_key=True),
    Column("address", String(254), primary_key=True),  # or the name of a channel, which holds no @
    Column("tried_at", UtcTime),
    Column("ended_at", UtcTime, index=True),
    Column("result", Text, nullable=False, server_default=""),
)

house = Table(
    "house",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_house"), primary_key=True, autoincrement=False),
    # of the house secret: a database with another house's secret would undo every suppression
    Column("fingerprint", String(64), nullable=False),
    # model.identity: a restored or cloned database is known by them
    Column("instance_id", String(32), nullable=False, server_default=""),
    Column("generation", BigInteger, nullable=False, server_default="0"),
    Column("beat_at", UtcTime),
    Column("clock_seen_at", UtcTime),
    Column("confirmed_by", String(200), nullable=False, server_default=""),
    Column("confirmed_at", UtcTime),
    # since when SQLite's log file may hold persons that were erased; null: it holds none
    Column("traces_since", UtcTime),
)
