"""The only room with SQL: schema, migrations, and one module a noun. Frozen values come out."""
