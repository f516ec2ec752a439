"""One walk over the ledger: the watch's; the other one's cursor goes."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop how far the walk beside the watch had come."""
    op.drop_table("reread")


def downgrade() -> None:
    """Keep a cursor for it again."""
    op.create_table(
        "reread",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("rounds", sa.Integer, nullable=False),
        sa.Column("walked_at", sa.BigInteger, nullable=False),
    )
