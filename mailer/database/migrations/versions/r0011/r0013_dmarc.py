"""Aggregate reports of DMARC, and what they say of each sending address."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dmarc_report",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("organization", sa.String(255), nullable=False),
        sa.Column("report_id", sa.String(255), nullable=False),
        sa.Column("domain", sa.String(255), nullable=False),
        sa.Column("policy", sa.String(255), nullable=False),
        sa.Column("begin", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("organization", "report_id", "domain"),
    )
    op.create_index("dmarc_report_by_end", "dmarc_report", ["end"])
    op.create_table(
        "dmarc_source",
        sa.Column("report", sa.Integer, sa.ForeignKey("dmarc_report.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("disposition", sa.String(16), nullable=False),
        sa.Column("dkim", sa.Integer, nullable=False),
        sa.Column("spf", sa.Integer, nullable=False),
        sa.Column("header_from", sa.String(255), nullable=False),
        sa.Column("dkim_domains", sa.String(255), nullable=False),
        sa.Column("spf_domain", sa.String(255), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("dmarc_source")
    op.drop_table("dmarc_report")
