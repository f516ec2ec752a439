"""What villages tell back of a warning."""

import sqlalchemy as sa
from alembic import op

revision = "0004_backs"
down_revision = "0003_duties"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "backs",
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("station", sa.String(64), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("village", sa.String(12), nullable=False),
        sa.Column("town", sa.String(9), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("red", sa.Boolean, nullable=False),
        sa.Column("back", sa.LargeBinary, nullable=False),
    )
    op.create_index("backs_of_town", "backs", ["town", "at"])
    op.create_index("backs_by_age", "backs", ["at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("backs")
