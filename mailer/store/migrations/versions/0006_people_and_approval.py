"""People and approval: users, approval in steps, counts of readers, and the audit trail."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = sa.DateTime(timezone=True)
ZEROS = "0" * 64


def upgrade() -> None:
    """Bring the database to this revision."""
    _make_users()
    _change_approvals()
    for table, columns in (
        ("approval_edition", (sa.Column("position", sa.Integer(), server_default="0", nullable=False),)),
        ("approval_edition", (sa.Column("recipients", sa.Integer()),)),
        ("mailing_list", (sa.Column("counted", sa.Integer()), sa.Column("accepted", sa.Integer()))),
    ):
        for column in columns:
            op.add_column(table, column)
    _make_trail()


def _make_users() -> None:
    op.create_table(
        "user_account",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("name_key", sa.String(length=300), nullable=False),
        sa.Column("display_name", sa.String(length=100), server_default="", nullable=False),
        sa.Column("email", sa.String(length=254), server_default="", nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("disabled_at", TIME),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("name_key", name=op.f("uq_user_account_name_key")),
    )
    op.create_table(
        "user_role",
        sa.Column("user_id", KEY, nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.CheckConstraint("role IN ('editor', 'approver', 'sender', 'admin')", name=op.f("ck_user_role_role")),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f("fk_user_role_user_id")),
        sa.PrimaryKeyConstraint("user_id", "role", name=op.f("pk_user_role")),
    )


def _change_approvals() -> None:
    """An approval of before becomes a submission by the same person with its one step given."""
    op.create_table(
        "approval_step",
        sa.Column("approval_id", KEY, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("given_by", sa.String(length=200), nullable=False),
        sa.Column("given_by_id", KEY),
        sa.Column("opinion", sa.Text(), server_default="", nullable=False),
        sa.Column("given_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["approval_id"], ["approval.id"], name=op.f("fk_approval_step_approval_id")),
        sa.ForeignKeyConstraint(["given_by_id"], ["user_account.id"], name=op.f("fk_approval_step_given_by_id")),
        sa.PrimaryKeyConstraint("approval_id", "position", name=op.f("pk_approval_step")),
    )
    op.execute(
        "INSERT INTO approval_step (approval_id, position, name, given_by, given_at) "
        "SELECT id, 0, '签发', approved_by, approved_at FROM approval"
    )
    rules = '{"steps": [["签发", []]], "four_eyes": false}'
    with op.batch_alter_table("approval") as batch:
        batch.add_column(sa.Column("source", sa.Text()))
        batch.add_column(sa.Column("files", sa.JSON()))
        batch.add_column(sa.Column("rules", sa.JSON(), server_default=rules, nullable=False))
        batch.add_column(sa.Column("submitted_by_id", KEY))
        batch.add_column(sa.Column("submitted_at", TIME))
        batch.add_column(sa.Column("opinion", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("void_reason", sa.String(length=16), server_default="", nullable=False))
        batch.add_column(sa.Column("voided_by", sa.String(length=200), server_default="", nullable=False))
        batch.add_column(sa.Column("voided_by_id", KEY))
        batch.add_column(sa.Column("void_opinion", sa.Text(), server_default="", nullable=False))
        batch.add_column(sa.Column("void_change", sa.JSON()))
        batch.alter_column("approved_by", new_column_name="submitted_by", existing_type=sa.String(length=200))
        batch.alter_column("approved_at", existing_type=TIME, nullable=True)
        for column in ("submitted_by_id", "voided_by_id"):
            batch.create_foreign_key(op.f(f"fk_approval_{column}"), "user_account", [column], ["id"])
    op.execute("UPDATE approval SET submitted_at = approved_at")
    with op.batch_alter_table("approval") as batch:
        batch.alter_column("submitted_at", existing_type=TIME, nullable=False)
        batch.alter_column("rules", existing_type=sa.JSON(), server_default=None)
    standing = sa.text("voided_at IS NULL")
    op.create_index(
        "uq_approval_standing", "approval", ["issue_id"], unique=True, sqlite_where=standing, postgresql_where=standing
    )


def _make_trail() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", KEY, autoincrement=False, nullable=False),
        sa.Column("at", sa.String(length=32), nullable=False),
        sa.Column("actor_id", KEY),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("act", sa.String(length=24), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("previous_sha256", sa.String(length=64), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["user_account.id"], name=op.f("fk_audit_entry_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
        sa.UniqueConstraint("sha256", name=op.f("uq_audit_entry_sha256")),
    )
    op.create_index("ix_audit_entry_subject", "audit_entry", ["subject_kind", "subject"])
    for statement in _SQLITE_GUARDS if op.get_bind().dialect.name == "sqlite" else _POSTGRESQL_GUARDS:
        op.execute(statement)


# the last entry is looked up by the key: the trail grows for ever
_OUT_OF_ORDER = (
    "NEW.id <> coalesce((SELECT max(id) FROM audit_entry), 0) + 1 OR NEW.previous_sha256 <> "
    f"coalesce((SELECT sha256 FROM audit_entry ORDER BY id DESC LIMIT 1), '{ZEROS}')"
)
_REFUSED = "the audit trail is append-only"
_SQLITE_GUARDS = (
    f"CREATE TRIGGER audit_entry_keep BEFORE UPDATE ON audit_entry BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    f"CREATE TRIGGER audit_entry_stay BEFORE DELETE ON audit_entry BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
    # also INSERT OR REPLACE, for which SQLite fires no trigger of deletion
    f"CREATE TRIGGER audit_entry_follow BEFORE INSERT ON audit_entry WHEN {_OUT_OF_ORDER} BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END",
)
_POSTGRESQL_GUARDS = (
    f"CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$",
    f"CREATE FUNCTION audit_entry_check() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {_OUT_OF_ORDER} THEN RAISE EXCEPTION '{_REFUSED}'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER audit_entry_keep BEFORE UPDATE OR DELETE ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_refuse()",
    "CREATE TRIGGER audit_entry_stay BEFORE TRUNCATE ON audit_entry FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()",
    "CREATE TRIGGER audit_entry_follow BEFORE INSERT ON audit_entry FOR EACH ROW EXECUTE FUNCTION audit_entry_check()",
)
