"""An approver may say that another warning in force stays beside the one that he approves."""

import sqlalchemy as sa
from alembic import op

revision = "0006_clashes"
down_revision = "0005_nothing_issued_changes"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what an approver answered; earlier approvals answered nothing."""
    op.add_column("approvals", sa.Column("beside", sa.Text, nullable=False, server_default="[]"))


def downgrade() -> None:
    """Take it away."""
    op.drop_column("approvals", "beside")
