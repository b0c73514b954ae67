"""Browsers that are told by Web Push, and which post each has got."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_subscription",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("endpoint_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("p256dh", sa.String(88), nullable=False),
        sa.Column("auth", sa.String(24), nullable=False),
        sa.Column("server_key", sa.String(88), nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("push_subscription_by_key", "push_subscription", ["server_key", "id"])
    op.create_table(
        "push_receipt",
        sa.Column("post", sa.String(36), primary_key=True),
        sa.Column("subscription_id", sa.Integer, sa.ForeignKey("push_subscription.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("push_receipt_by_age", "push_receipt", ["at"])
    op.create_index("push_receipt_by_subscription", "push_receipt", ["subscription_id"])


def downgrade() -> None:
    op.drop_table("push_receipt")
    op.drop_table("push_subscription")
