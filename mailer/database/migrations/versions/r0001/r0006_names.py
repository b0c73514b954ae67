"""Columns and tables take the names that the code and the documentation use. Nothing but names changes.

Heartbeats are dropped with their table: they live for seconds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

COLUMNS = (("delivery", "lane", "queue"), ("claim", "reached", "high_water_mark"), ("issue", "kind", "list_class"))
KEYS = ("bucket", "slot")  # their keys begin with the kind of what they limit


def upgrade() -> None:
    for table, old, new in COLUMNS:
        _rename(table, old, new)
    for table in KEYS:
        _change_prefix(table, "lane:", "queue:")
    op.drop_table("pulse")
    _create("heartbeat", "backing_off")


def downgrade() -> None:
    op.drop_table("heartbeat")
    _create("pulse", "resting")
    for table in KEYS:
        _change_prefix(table, "queue:", "lane:")
    for table, old, new in COLUMNS:
        _rename(table, new, old)


def _rename(table: str, old: str, new: str) -> None:
    # Not alter_column: in SQLite Alembic would copy the table, and a million deliveries take a while.
    op.execute(f"ALTER TABLE {table} RENAME COLUMN {old} TO {new}")


def _change_prefix(table: str, old: str, new: str) -> None:
    rest = len(old) + 1
    op.execute(f"UPDATE {table} SET key = '{new}' || substr(key, {rest}) WHERE key LIKE '{old}%'")


def _create(table: str, backing_off: str) -> None:
    op.create_table(
        table,
        sa.Column("owner", sa.String(120), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("name", sa.String(130), primary_key=True),
        sa.Column("connections", sa.Integer, nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column(backing_off, sa.Integer, nullable=False),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
