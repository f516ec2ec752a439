"""Indexes by which derived rows are counted anew, and the agreement by which an alarm is over."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes and the column."""
    op.create_index("carried_by_warning", "carried", ["warning_id"])
    op.create_index("comings_by_position", "comings", ["position"])
    op.add_column("alarms", sa.Column("agreement_id", sa.String(36)))


def downgrade() -> None:
    """Take them away."""
    op.drop_column("alarms", "agreement_id")
    op.drop_index("comings_by_position", "comings")
    op.drop_index("carried_by_warning", "carried")
