"""What composing starts from: saved phrases and areas, others' warnings, risk proposals, departments."""

import sqlalchemy as sa
from alembic import op

revision = "0003_composing"
down_revision = "0002_people"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "saved",
        sa.Column("saved_id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("owner", sa.String(40), nullable=False),
        sa.Column("shared", sa.Boolean, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
    )
    op.create_index("saved_by_owner", "saved", ["owner", "kind"])
    _foreign()
    _proposals()
    op.create_table(
        "account_departments",
        sa.Column("username", sa.String(40), primary_key=True),
        sa.Column("department", sa.String(40), nullable=False),
    )


def _foreign() -> None:
    op.create_table(
        "foreign_warnings",
        sa.Column("identifier", sa.String(80), primary_key=True),
        sa.Column("sender", sa.String(120), nullable=False),
        sa.Column("sender_name", sa.String(120), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("hazard", sa.String(5), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("headline", sa.String(200), nullable=False),
        sa.Column("towns", sa.Text, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("imported_by", sa.String(40), nullable=False),
        sa.Column("imported_at", sa.BigInteger, nullable=False),
    )
    op.create_index("foreign_in_force", "foreign_warnings", ["hazard", "expires"])


def _proposals() -> None:
    op.create_table(
        "risk_proposals",
        sa.Column("proposal_id", sa.String(36), primary_key=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("by", sa.String(40)),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("reason", sa.Text),
        sa.Column("warning_id", sa.String(36)),
    )
    op.create_index("risk_proposals_by_state", "risk_proposals", ["state", "expires"])


def downgrade() -> None:
    """Drop the tables."""
    for name in ("account_departments", "risk_proposals", "foreign_warnings", "saved"):
        op.drop_table(name)
