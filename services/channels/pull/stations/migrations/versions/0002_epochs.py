"""Epochs: above which number sequences go on."""

import sqlalchemy as sa
from alembic import op

revision = "0002_epochs"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "epochs",
        sa.Column("only", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("floor", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("epochs")
