"""Announced maintenance, and conformance runs with their test work."""

import sqlalchemy as sa
from alembic import op

revision = "0003_contract"
down_revision = "0002_notes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and tables."""
    op.add_column("batches", sa.Column("run", sa.String(36)))
    for name in ("away_from", "away_until", "away_told_at"):
        op.add_column("pulls", sa.Column(name, sa.BigInteger))
    op.add_column("pulls", sa.Column("away_why", sa.String(200)))
    op.create_table(
        "conformance_runs",
        sa.Column("run", sa.String(36), primary_key=True),
        sa.Column("gateway", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("deliveries", sa.Text, nullable=False),
    )
    op.create_index("conformance_runs_by_gateway", "conformance_runs", ["gateway", "begun_at"])
    op.create_table(
        "conformance_marks",
        sa.Column("run", sa.String(36), primary_key=True),
        sa.Column("check", sa.String(20), primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_table("conformance_marks")
    op.drop_table("conformance_runs")
    for name in ("away_from", "away_until", "away_told_at", "away_why"):
        op.drop_column("pulls", name)
    op.drop_column("batches", "run")
