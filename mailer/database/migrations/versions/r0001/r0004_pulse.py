"""What each sender says of itself while it works; the operator is told twice at most how an issue went."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issue", sa.Column("settled_at", sa.DateTime(timezone=True)))
    op.create_table(
        "pulse",
        sa.Column("owner", sa.String(120), primary_key=True),
        sa.Column("kind", sa.String(8), primary_key=True),
        sa.Column("name", sa.String(130), primary_key=True),
        sa.Column("connections", sa.Integer, nullable=False),
        sa.Column("waiting", sa.Integer, nullable=False),
        sa.Column("resting", sa.Integer, nullable=False),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("at", sa.Float, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("pulse")
    op.drop_column("issue", "settled_at")
