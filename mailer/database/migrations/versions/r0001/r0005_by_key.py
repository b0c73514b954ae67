"""SQLite keeps deliveries in the order of their key, without a number of its own for each and a second index from key to number."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

COLUMNS = "issue_id, subscriber_id, address, state, attempts, code, text, message_id, first_tried, not_before, changed_at, lane, fence"
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _rebuild(with_rowid=False)


def downgrade() -> None:
    _rebuild(with_rowid=True)


def _rebuild(*, with_rowid: bool) -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    op.rename_table("delivery", "delivery_before")
    op.drop_index("delivery_by_state", "delivery_before")
    op.create_table(
        "delivery",
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issue.id"), primary_key=True),
        sa.Column("subscriber_id", sa.Integer, sa.ForeignKey("subscriber.id"), primary_key=True),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("code", sa.Integer),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("message_id", sa.String(255)),
        sa.Column("first_tried", MOMENT),
        sa.Column("not_before", MOMENT),
        sa.Column("changed_at", MOMENT, nullable=False),
        sa.Column("lane", sa.String(120), nullable=False, server_default=""),
        sa.Column("fence", sa.Integer),
        sqlite_with_rowid=with_rowid,
    )
    op.execute(f"INSERT INTO delivery ({COLUMNS}) SELECT {COLUMNS} FROM delivery_before ORDER BY issue_id, subscriber_id")
    op.drop_table("delivery_before")
    op.create_index("delivery_by_state", "delivery", ["issue_id", "state", "lane", "subscriber_id"])
