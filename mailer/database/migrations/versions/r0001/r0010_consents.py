"""Consents, suppressions by a keyed hash of the address, pauses, and how often a subscriber wants a list."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriber", sa.Column("paused_until", sa.DateTime(timezone=True)))
    op.add_column("subscription", sa.Column("frequency", sa.String(8), nullable=False, server_default="issue"))
    op.create_table(
        "consent_words",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("subscriber_id", sa.Integer, sa.ForeignKey("subscriber.id"), nullable=False),
        sa.Column("list", sa.String(64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("proof", sa.String(200), nullable=False),
        sa.Column("words", sa.String(64), sa.ForeignKey("consent_words.digest")),
        sa.Column("confirmation", sa.String(64), nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("consent_by_subscriber", "consent", ["subscriber_id", "list"])
    op.create_table(
        "address_key",
        sa.Column("name", sa.String(16), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "suppression",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("address_hash", sa.String(64), nullable=False),
        sa.Column("key", sa.String(16), sa.ForeignKey("address_key.name"), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("scope", sa.String(64), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(130), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True)),
        sa.Column("lifted_by", sa.String(130), nullable=False, server_default=""),
        sa.Column("lifted_why", sa.Text, nullable=False, server_default=""),
        sa.Column("subscriber_id", sa.Integer, sa.ForeignKey("subscriber.id")),
        sqlite_autoincrement=True,
    )
    op.create_index("suppression_by_hash", "suppression", ["address_hash"])
    op.create_index("suppression_by_subscriber", "suppression", ["subscriber_id"])


def downgrade() -> None:
    for table in ("suppression", "address_key", "consent", "consent_words"):
        op.drop_table(table)
    op.drop_column("subscription", "frequency")
    op.drop_column("subscriber", "paused_until")
