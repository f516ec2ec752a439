"""Screen and Beidou: what a village's screen shows of the place, and the frames for silent stations."""

import sqlalchemy as sa
from alembic import op

revision = "0005_screen"
down_revision = "0004_provisioning"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "here",
        sa.Column("village", sa.String(12), primary_key=True),
        sa.Column("points", sa.Text, nullable=False),
    )
    op.create_table(
        "beidou_frames",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("stations", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("state", sa.String(8), nullable=False, index=True),
        sa.Column("sent_at", sa.BigInteger),
    )
    op.create_index("beidou_warning", "beidou_frames", ["warning_id", "revision"])


def downgrade() -> None:
    """Drop them."""
    op.drop_table("beidou_frames")
    op.drop_table("here")
