"""Mass messages by WeChat: digests and drills, who wrote and who sent them, and what became of each."""

import sqlalchemy as sa
from alembic import op

revision = "0003_wires"
down_revision = "0002_air"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "masses",
        sa.Column("mass_id", sa.String(32), primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("text", sa.String(600), nullable=False),
        sa.Column("author", sa.String(64), nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False, index=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("sender", sa.String(64)),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("message_id", sa.String(64), index=True),
        sa.Column("reached", sa.Integer),
        sa.Column("detail", sa.String(200)),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("masses")
