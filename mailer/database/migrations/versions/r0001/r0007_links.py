"""Subscriber ids are never used twice; a subscriber's links carry a version, so that they can be revoked.

Links that were signed before have no version and count as version 0, which only today's subscribers have.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COLUMNS = "id, email, email_key, name, created_at"


def upgrade() -> None:
    op.add_column("subscription", sa.Column("confirmation_at", sa.DateTime(timezone=True)))
    if op.get_bind().dialect.name != "sqlite":  # a sequence of PostgreSQL gives no number twice
        op.add_column("subscriber", sa.Column("token_version", sa.Integer, nullable=False, server_default="0"))
        return
    # SQLite cannot add AUTOINCREMENT to a table. The engine has turned foreign keys off, so the other tables keep referring to the name.
    op.create_table(
        "subscriber_new",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False, unique=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_version", sa.Integer, nullable=False, server_default="0"),
        sqlite_autoincrement=True,
    )
    op.execute(f"INSERT INTO subscriber_new ({COLUMNS}) SELECT {COLUMNS} FROM subscriber")
    op.drop_table("subscriber")
    op.rename_table("subscriber_new", "subscriber")
    # Ids of the past too: a subscriber may have been deleted by hand, whose deliveries are still there.
    highest = "SELECT max(id) AS id FROM subscriber UNION SELECT max(subscriber_id) FROM delivery UNION SELECT max(subscriber_id) FROM subscription"
    op.execute("DELETE FROM sqlite_sequence WHERE name = 'subscriber'")
    op.execute(f"INSERT INTO sqlite_sequence (name, seq) SELECT 'subscriber', coalesce(max(id), 0) FROM ({highest})")


def downgrade() -> None:
    # The ids stay as they are: older versions do not mind AUTOINCREMENT.
    op.drop_column("subscriber", "token_version")
    op.drop_column("subscription", "confirmation_at")
