"""The escalation rules that were in force, how far a climb is opened, and how patient a delivery is."""

import sqlalchemy as sa
from alembic import op

revision = "0005_ways"
down_revision = "0004_backs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Revisions that climb already know the version of their rules and nothing more."""
    op.create_table(
        "ladders",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(50), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("in_force_at", sa.BigInteger, nullable=False),
    )
    op.add_column("climbs", sa.Column("rules_sha256", sa.String(64)))
    op.add_column("climbs", sa.Column("opened_to", sa.String(64)))
    op.add_column("climbs", sa.Column("reopened_at", sa.BigInteger))
    op.add_column("amendments", sa.Column("reason", sa.String(500), nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("asked_again_s", sa.Integer))


def downgrade() -> None:
    """Take everything back."""
    op.drop_column("deliveries", "asked_again_s")
    op.drop_column("amendments", "reason")
    for name in ("reopened_at", "opened_to", "rules_sha256"):
        op.drop_column("climbs", name)
    op.drop_table("ladders")
