"""Subscribers, subscriptions, frozen issues and deliveries. Written out, so that later changes of `schema` cannot change it."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
    )
    op.create_table(
        "subscription",
        sa.Column("subscriber_id", sa.Integer, sa.ForeignKey("subscriber.id"), primary_key=True),
        sa.Column("list", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("source", sa.String(64), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("changed_at", MOMENT, nullable=False),
    )
    op.create_index("subscription_by_list", "subscription", ["list", "state"])
    op.create_table(
        "issue",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("list", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("date", MOMENT, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("expires", MOMENT),
        sa.Column("archive_url", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("list_title", sa.Text, nullable=False),
        sa.Column("from_name", sa.Text, nullable=False),
        sa.Column("from_address", sa.String(254), nullable=False),
        sa.Column("reply_to", sa.String(254), nullable=False),
        sa.Column("list_id", sa.String(255), nullable=False),
        sa.Column("contact", sa.String(254), nullable=False),
        sa.Column("list_archive_url", sa.Text, nullable=False),
        sa.Column("frozen_at", MOMENT, nullable=False),
        sa.UniqueConstraint("list", "number"),
    )
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
    )
    op.create_index("delivery_by_state", "delivery", ["issue_id", "state", "subscriber_id"])


def downgrade() -> None:
    for table in ("delivery", "issue", "subscription", "subscriber"):
        op.drop_table(table)
