"""Shelters: where the people of a hazard point go, and by which way."""

import sqlalchemy as sa
from alembic import op

revision = "0006_shelters"
down_revision = "0005_provisioning"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    for name in ("shelter", "route"):
        op.add_column("hazard_points", sa.Column(name, sa.String(120), nullable=False, server_default=""))


def downgrade() -> None:
    """Drop them."""
    for name in ("shelter", "route"):
        op.drop_column("hazard_points", name)
