"""SQL: the only door to the tables, on SQLite and PostgreSQL."""
