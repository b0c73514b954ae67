"""Which fence this database holds of the right to send, and which batches were claimed under it: a copy of it does not know those of the other."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    right = op.create_table(
        "sending_right",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("fence", sa.Integer, nullable=False),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.Column("place", sa.String(200), nullable=False),
    )
    op.bulk_insert(right, [{"id": 1, "fence": 0, "holder": "", "place": ""}])
    op.create_table(
        "recorded_claim",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("token", sa.String(32), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("recorded_claim")
    op.drop_table("sending_right")
