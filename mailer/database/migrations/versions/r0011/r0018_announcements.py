"""Announcements on other networks: the posts, who posts to a channel, and when a restored database was adopted."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "announcement_post",
        sa.Column("key", sa.String(36), primary_key=True),
        sa.Column("record", sa.String(300), nullable=False),
        sa.Column("channel", sa.String(40), nullable=False),
        sa.Column("part", sa.String(40), nullable=False),
        sa.Column("action", sa.String(8), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("revision", sa.String(16), nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("follows", sa.String(36)),
        sa.Column("urgent", sa.Integer, nullable=False),
        sa.Column("drill", sa.Integer, nullable=False),
        sa.Column("issue", sa.String(130), nullable=False, server_default=""),
        sa.Column("moment", moment, nullable=False),
        sa.Column("use_until", moment, nullable=False),
        sa.Column("changed_at", moment, nullable=False),
        sa.Column("not_before", moment),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_tried", moment),
        sa.Column("fence", sa.Integer),
        sa.Column("counted_at", moment),
        sa.Column("yen", sa.Float, nullable=False, server_default="0"),
        sa.Column("remote", sa.Text, nullable=False, server_default=""),
        sa.Column("address", sa.Text, nullable=False, server_default=""),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("announcement_post_by_channel", "announcement_post", ["channel", "state"])
    op.create_index("announcement_post_by_quota", "announcement_post", ["channel", "counted_at"])
    op.create_index("announcement_post_by_record", "announcement_post", ["record", "channel"])
    op.create_table(
        "channel_lease",
        sa.Column("channel", sa.String(40), primary_key=True),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("lease_until", sa.Float, nullable=False),
        sa.Column("paused_at", moment),
        sa.Column("paused_by", sa.Text, nullable=False, server_default=""),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("open_until", moment),
    )
    op.create_table("announcement_restoration", sa.Column("at", moment, primary_key=True))


def downgrade() -> None:
    op.drop_table("announcement_restoration")
    op.drop_table("channel_lease")
    op.drop_table("announcement_post")
