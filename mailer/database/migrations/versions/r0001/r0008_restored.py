"""A ledger has a name and a generation, so that an older copy of it is noticed, and remembers what left before it was restored.

It remembers also which issues have expired by any clock that a sender has seen.
"""

import uuid

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    ledger = op.create_table(
        "ledger",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("generation", sa.Integer, nullable=False),
    )
    op.bulk_insert(ledger, [{"name": uuid.uuid4().hex, "generation": 1}])
    op.create_table(
        "sent_before",
        sa.Column("list", sa.String(64), primary_key=True),
        sa.Column("number", sa.String(64), primary_key=True),
        sa.Column("subscriber_id", sa.Integer, sa.ForeignKey("subscriber.id"), primary_key=True),
        sa.Column("state", sa.String(16), nullable=False),
    )
    op.create_table(
        "expired",
        sa.Column("list", sa.String(64), primary_key=True),
        sa.Column("number", sa.String(64), primary_key=True),
        sa.Column("expires", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("expired")
    op.drop_table("sent_before")
    op.drop_table("ledger")
