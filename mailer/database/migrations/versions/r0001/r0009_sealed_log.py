"""The audit log is sealed with a key. Entries that are there already have no seal: `todoke audit --seal` confirms them once.

The table of approvals goes: each of its rows is an entry of the log too, and only there is it proved.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# INSERT OR REPLACE removes the old row without firing a trigger of DELETE, unless recursive_triggers is on.
APPENDS_ONLY = """
CREATE TRIGGER audit_no_REPLACE BEFORE INSERT ON audit
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM audit)
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""


def upgrade() -> None:
    op.add_column("audit", sa.Column("mac", sa.String(64), nullable=False, server_default=""))
    op.drop_table("approval")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(APPENDS_ONLY)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER audit_no_REPLACE")
    op.drop_column("audit", "mac")
    op.create_table(
        "approval",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("list", sa.String(64), nullable=False),
        sa.Column("number", sa.String(64), nullable=False),
        sa.Column("bundle", sa.String(64), nullable=False),
        sa.Column("audience", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("approver", sa.Text, nullable=False),
        sa.Column("author", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
