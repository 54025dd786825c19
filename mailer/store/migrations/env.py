"""Alembic's entry: store.database hands it an open connection."""

from typing import Literal

from alembic import context

from mailer.store.schema import UtcTime, metadata


def render_type(kind: str, item: object, _autogenerate: object) -> str | Literal[False]:
    """Write our own type as the plain one, so that a migration never changes with the code."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcTime) else False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
    render_item=render_type,
)
with context.begin_transaction():
    context.run_migrations()
