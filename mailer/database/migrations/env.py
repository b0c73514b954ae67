"""Alembic's entry. The connection is handed in by `database`: there is no alembic.ini and no second way in."""

from __future__ import annotations

from alembic import context

from mailer.database.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
