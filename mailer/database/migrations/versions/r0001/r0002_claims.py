"""Slices are claimed with a fencing token; issues can wait, pause and be called off; rates and connections are shared."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
LOST = "an earlier version was cut off while this message was on its way: it may or may not have arrived"


def upgrade() -> None:
    op.add_column("issue", sa.Column("status", sa.String(16), nullable=False, server_default="sending"))
    op.add_column("issue", sa.Column("send_at", MOMENT))
    op.add_column("issue", sa.Column("reported_at", MOMENT))
    op.add_column("delivery", sa.Column("lane", sa.String(120), nullable=False, server_default=""))
    op.add_column("delivery", sa.Column("fence", sa.Integer))
    op.drop_index("delivery_by_state", "delivery")
    op.create_index("delivery_by_state", "delivery", ["issue_id", "state", "lane", "subscriber_id"])
    # Version 1 wrote `attempted` before each body; a row that still says so was cut off by a kill.
    op.execute(sa.text("UPDATE delivery SET state = 'unknown', text = :why WHERE state = 'attempted'").bindparams(why=LOST))
    op.create_table(
        "claim",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issue.id"), nullable=False),
        sa.Column("token", sa.String(120), nullable=False, unique=True),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("lease_until", sa.Float, nullable=False),
        sa.Column("reached", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "bucket",
        sa.Column("key", sa.String(130), primary_key=True),
        sa.Column("level", sa.Float, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )
    op.create_table(
        "slot",
        sa.Column("key", sa.String(130), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("owner", sa.String(120), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )


def downgrade() -> None:
    for table in ("slot", "bucket", "claim"):
        op.drop_table(table)
    op.drop_index("delivery_by_state", "delivery")
    op.drop_column("delivery", "fence")
    op.drop_column("delivery", "lane")
    op.create_index("delivery_by_state", "delivery", ["issue_id", "state", "subscriber_id"])
    for name in ("reported_at", "send_at", "status"):
        op.drop_column("issue", name)
