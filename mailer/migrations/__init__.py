"""Numbered changes of the schema, run by Alembic when the database is opened."""
