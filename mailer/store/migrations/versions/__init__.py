"""Each file brings the database one step on; Alembic finds them here."""
