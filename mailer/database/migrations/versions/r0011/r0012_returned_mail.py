"""Returned mail, complaints, stopped queues, and the automatic replies that were given."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "delivery_problem",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("event", sa.String(64), nullable=False, unique=True),
        sa.Column("subscriber_id", sa.Integer, sa.ForeignKey("subscriber.id"), nullable=False),
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issue.id")),
        sa.Column("queue", sa.String(120), nullable=False),
        sa.Column("class", sa.String(16), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("receiver", sa.String(64), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("code", sa.Integer),
        sa.Column("phase", sa.String(8), nullable=False),
        sa.Column("is_hard", sa.Integer, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("forgiven_at", sa.DateTime(timezone=True)),
        sqlite_autoincrement=True,
    )
    op.create_index("delivery_problem_by_subscriber", "delivery_problem", ["subscriber_id", "at"])
    op.create_index("delivery_problem_by_issue", "delivery_problem", ["issue_id", "queue", "class"])
    op.create_table(
        "complaint",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("event", sa.String(64), nullable=False, unique=True),
        sa.Column("subscriber_id", sa.Integer, sa.ForeignKey("subscriber.id"), nullable=False),
        sa.Column("list", sa.String(64), nullable=False),
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issue.id")),
        sa.Column("feedback_type", sa.String(32), nullable=False),
        sa.Column("reporter", sa.String(100), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("complaint_by_list", "complaint", ["list", "at"])
    op.create_index("complaint_by_subscriber", "complaint", ["subscriber_id"])
    op.create_table(
        "queue_stop",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("queue", sa.String(120), nullable=False),
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issue.id"), nullable=False),
        sa.Column("class", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True)),
        sa.Column("released_by", sa.String(130), nullable=False, server_default=""),
        sa.Column("released_why", sa.Text, nullable=False, server_default=""),
        sqlite_autoincrement=True,
    )
    op.create_index("queue_stop_by_queue", "queue_stop", ["queue", "released_at"])
    op.create_table(
        "automatic_reply",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("sender_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("automatic_reply_by_sender", "automatic_reply", ["sender_hash", "at"])


def downgrade() -> None:
    for table in ("automatic_reply", "queue_stop", "complaint", "delivery_problem"):
        op.drop_table(table)
