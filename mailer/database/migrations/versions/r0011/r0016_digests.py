"""Several lists in one mail: issues in pieces, which digest carries which issue, and how often a reader has consented to be written to."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("issue", sa.Column("sections", sa.Text, nullable=False, server_default=""))
    # Without a foreign key: SQLite could not drop the column again without copying the table, which has a million rows.
    op.add_column("delivery", sa.Column("merged_into", sa.Integer))
    op.add_column("consent", sa.Column("frequency", sa.String(8), nullable=True))
    op.create_table(
        "digest_member",
        sa.Column("digest_id", sa.Integer, sa.ForeignKey("issue.id"), primary_key=True),
        sa.Column("issue_id", sa.Integer, sa.ForeignKey("issue.id"), primary_key=True),
        sa.Column("position", sa.Integer, nullable=False),
    )
    op.create_index("digest_member_by_issue", "digest_member", ["issue_id"])


def downgrade() -> None:
    op.drop_table("digest_member")
    op.drop_column("consent", "frequency")
    op.drop_column("delivery", "merged_into")
    op.drop_column("issue", "sections")
