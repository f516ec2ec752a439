"""The emergency flow, reviews of what few decided, changes of shift, what happened after a warning."""

import sqlalchemy as sa
from alembic import op

revision = "0004_follow"
down_revision = "0003_composing"
branch_labels = None
depends_on = None

_DUE = """
INSERT INTO reviews (warning_id, revision, cause, begun_at, due, note)
SELECT warning_id, revision, 'halt', updated_at, review_due, '' FROM warnings WHERE review_due IS NOT NULL
"""


def upgrade() -> None:
    """Add them; what was halted before is due for review too."""
    op.add_column("warnings", sa.Column("emergency", sa.Text, nullable=False, server_default=""))
    _reviews()
    op.execute(_DUE)
    _handovers()
    _afterwards()


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("cause", sa.String(12), primary_key=True),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("due", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("by", sa.String(40)),
        sa.Column("name", sa.String(40)),
        sa.Column("verdict", sa.String(12)),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("reviews_by_age", "reviews", ["done_at", "due"])


def _handovers() -> None:
    op.create_table(
        "handovers",
        sa.Column("handover_id", sa.String(36), primary_key=True),
        sa.Column("goes", sa.String(40), nullable=False),
        sa.Column("goes_name", sa.String(40), nullable=False),
        sa.Column("goes_at", sa.BigInteger, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("comes", sa.String(40)),
        sa.Column("comes_name", sa.String(40)),
        sa.Column("comes_at", sa.BigInteger),
        sa.Column("remark", sa.Text, nullable=False),
    )
    op.create_index("handovers_by_age", "handovers", ["goes_at"])


def _afterwards() -> None:
    op.create_table(
        "afterwards",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("verdict", sa.String(12), nullable=False),
        sa.Column("onset", sa.BigInteger),
        sa.Column("ended", sa.BigInteger),
        sa.Column("amounts", sa.Text, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("imported", sa.Integer, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for name in ("afterwards", "handovers", "reviews"):
        op.drop_table(name)
    op.drop_column("warnings", "emergency")
