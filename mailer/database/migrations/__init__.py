"""Numbered changes of the schema, run when the database is opened."""
