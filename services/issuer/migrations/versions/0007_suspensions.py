"""Suspensions: proposals to departments, pre-authorisations, what lies ready to follow a warning."""

import sqlalchemy as sa
from alembic import op

revision = "0007_suspensions"
down_revision = "0006_clashes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add their tables."""
    _proposals()
    _grants()
    op.create_table(
        "suspensions_ready",
        sa.Column("lead_id", sa.String(36), primary_key=True),
        sa.Column("lead_revision", sa.Integer, primary_key=True),
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("author", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _proposals() -> None:
    op.create_table(
        "suspension_proposals",
        sa.Column("proposal_id", sa.String(36), primary_key=True),
        sa.Column("asks", sa.String(8), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("department", sa.String(40), nullable=False),
        sa.Column("lead_id", sa.String(36), nullable=False),
        sa.Column("lead_revision", sa.Integer, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("suspension_id", sa.String(36)),
        sa.Column("grant_id", sa.String(36)),
        sa.Column("by", sa.String(40)),
        sa.Column("name", sa.String(40)),
        sa.Column("decided_at", sa.BigInteger),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("suspension_proposals_by_state", "suspension_proposals", ["state", "at"])
    op.create_index("suspension_proposals_of_a_lead", "suspension_proposals", ["lead_id"])
    op.create_index("suspension_proposals_of_an_order", "suspension_proposals", ["suspension_id"])


def _grants() -> None:
    op.create_table(
        "suspension_grants",
        sa.Column("grant_id", sa.String(36), primary_key=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("department", sa.String(40), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("hazard", sa.String(5), nullable=False),
        sa.Column("levels", sa.Text, nullable=False),
        sa.Column("sector", sa.String(40), nullable=False),
        sa.Column("towns", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("revoked_by", sa.String(40)),
        sa.Column("revoked_why", sa.Text, nullable=False),
    )
    op.create_index("suspension_grants_by_age", "suspension_grants", ["at"])


def downgrade() -> None:
    """Drop them."""
    for name in ("suspensions_ready", "suspension_grants", "suspension_proposals"):
        op.drop_table(name)
