"""Confirmations of sign-ups: how often a mailbox was asked, and mails that wait for a relay. Addresses are in it as keyed hashes only."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "sign_up",
        sa.Column("mailbox", sa.String(64), primary_key=True),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("second_at", moment),
        sa.Column("third_at", moment),
        sa.Column("token", sa.Text, nullable=False),
        sa.Column("sent_at", moment),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("not_before", moment),
        sa.Column("refused_until", moment),
    )
    op.create_index("sign_up_by_next_try", "sign_up", ["not_before"])
    op.create_index("sign_up_by_age", "sign_up", ["asked_at"])


def downgrade() -> None:
    op.drop_table("sign_up")
