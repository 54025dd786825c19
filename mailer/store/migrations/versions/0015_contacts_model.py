"""Organisations, attributes of contacts, the consent log, requests to join, filters of mailings, retention."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)


def _text(name: str, length: int) -> sa.Column[str]:
    return sa.Column(name, sa.String(length=length), server_default="", nullable=False)


def upgrade() -> None:
    """Bring the database to this revision; what is known of readers goes on, and begins the consent log."""
    _make_organisations()
    _make_consent()
    _make_requests()
    op.create_table(
        "retention_run",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("counts", sa.JSON(), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_retention_run")),
    )
    op.add_column("mailing_list", sa.Column("filters", sa.JSON()))
    op.add_column("mailing", sa.Column("words_cleared_at", TIME))


def _make_organisations() -> None:
    op.create_table(
        "organisation",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        _text("city", 100),
        _text("level", 40),
        _text("kind", 40),
        _text("phone", 100),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organisation")),
        sa.UniqueConstraint("name", "city", name=op.f("uq_organisation_name_city")),
    )
    op.execute(
        "INSERT INTO organisation (name, city, created_at) SELECT organisation, city, min(changed_at) FROM contact "
        "WHERE organisation <> '' GROUP BY organisation, city ORDER BY min(id)"
    )
    with op.batch_alter_table("contact") as batch:
        batch.add_column(sa.Column("organisation_id", KEY))
        batch.add_column(_text("language", 16))
        batch.add_column(sa.Column("attributes", sa.JSON(), server_default="{}", nullable=False))
        batch.add_column(sa.Column("created_at", TIME))
        batch.add_column(sa.Column("erased_at", TIME))
    op.execute(
        "UPDATE contact SET created_at = changed_at, organisation_id = (SELECT organisation.id FROM organisation "
        "WHERE organisation.name = contact.organisation AND organisation.city = contact.city)"
    )
    with op.batch_alter_table("contact") as batch:
        batch.alter_column("created_at", existing_type=TIME, nullable=False)
        batch.create_foreign_key(op.f("fk_contact_organisation_id"), "organisation", ["organisation_id"], ["id"])
        batch.drop_column("organisation")
    op.create_index("ix_contact_organisation_id", "contact", ["organisation_id"])


def _make_consent() -> None:
    op.add_column("subscription", _text("text_version", 40))
    op.create_table(
        "consent_entry",
        sa.Column("id", KEY, nullable=False),
        sa.Column("contact_id", KEY, nullable=False),
        sa.Column("list_id", KEY, nullable=False),
        sa.Column("what", sa.String(length=16), nullable=False),
        _text("basis", 40),
        sa.Column("source", sa.String(length=200), nullable=False),
        _text("by_name", 200),
        sa.Column("by_id", KEY),
        _text("text_version", 40),
        _text("detail", 200),
        sa.Column("at", TIME, nullable=False),
        sa.CheckConstraint(
            "what IN ('joined', 'confirmed', 'returned', 'dropped', 'left')", name=op.f("ck_consent_entry_what")
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contact.id"], name=op.f("fk_consent_entry_contact_id")),
        sa.ForeignKeyConstraint(["list_id"], ["distribution_list.id"], name=op.f("fk_consent_entry_list_id")),
        sa.ForeignKeyConstraint(["by_id"], ["user_account.id"], name=op.f("fk_consent_entry_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consent_entry")),
    )
    op.execute(
        "INSERT INTO consent_entry (contact_id, list_id, what, basis, source, at) "
        "SELECT contact_id, list_id, 'joined', basis, source, since FROM subscription "
        "WHERE status <> 'pending' ORDER BY id"
    )
    op.execute(
        "INSERT INTO consent_entry (contact_id, list_id, what, source, detail, at) SELECT contact_id, list_id, "
        "CASE left_reason WHEN 'dropped from the sheet' THEN 'dropped' ELSE 'left' END, source, left_reason, left_at "
        "FROM subscription WHERE status = 'left' AND left_at IS NOT NULL ORDER BY id"
    )
    op.create_index("ix_consent_entry_contact_id", "consent_entry", ["contact_id"])


def _make_requests() -> None:
    op.create_table(
        "join_request",
        sa.Column("id", KEY, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("address_key", sa.String(length=254), nullable=False),
        sa.Column("domain", sa.String(length=254), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("lists", sa.JSON(), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        _text("network", 43),
        _text("text_version", 40),
        sa.Column("asked_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_join_request")),
        sa.UniqueConstraint("address_key", "day", name=op.f("uq_join_request_address_key_day")),
    )
    op.create_index("ix_join_request_network", "join_request", ["network", "asked_at"])
    op.create_index("ix_join_request_domain", "join_request", ["domain", "asked_at"])
