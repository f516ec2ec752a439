"""The tables of the reports; they fold themselves from the records that are there."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create them, empty."""
    op.create_table(
        "folded",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    _faces()
    _aims()
    _holdings()
    _observations()


def _faces() -> None:
    op.create_table(
        "faces",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("verb", sa.String(10), nullable=False),
        sa.Column("identifier", sa.Text, nullable=False),
        sa.Column("hazard", sa.String(8), nullable=False),
        sa.Column("hazard_name", sa.Text, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("product", sa.String(40), nullable=False),
        sa.Column("headline", sa.Text, nullable=False),
        sa.Column("sender_name", sa.Text, nullable=False),
        sa.Column("approved_by", sa.JSON, nullable=False),
        sa.Column("approved_at", sa.BigInteger, nullable=False),
        sa.Column("said_at", sa.BigInteger, nullable=False),
        sa.Column("onset", sa.BigInteger),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("adds_to", sa.String(36)),
        sa.Column("emergency", sa.Boolean, nullable=False),
        sa.Column("towns", sa.JSON, nullable=False),
    )
    op.create_index("faces_by_warning", "faces", ["warning_id", "revision"])
    op.create_index("faces_by_time", "faces", ["mode", "said_at"])


def _aims() -> None:
    op.create_table(
        "aims",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("made_at", sa.BigInteger, nullable=False),
        sa.Column("towns", sa.JSON, nullable=False),
        sa.Column("villages", sa.JSON, nullable=False),
    )
    op.create_index("aims_by_warning", "aims", ["warning_id", "revision"])


def _holdings() -> None:
    op.create_table(
        "changes",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("block", sa.String(30), nullable=False),
        sa.Column("village", sa.String(12), nullable=False),
        sa.Column("gone", sa.Boolean, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
    )
    op.create_index("changes_by_village", "changes", ["village", "at"])
    op.create_table(
        "contents",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("village", sa.String(12), nullable=False),
        sa.Column("town", sa.String(12), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("stations", sa.JSON, nullable=False),
        sa.Column("recipients", sa.Integer, nullable=False),
    )
    op.create_index("contents_by_town", "contents", ["town"])


def _observations() -> None:
    op.create_table(
        "observations",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("part", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("what", sa.String(8), nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("said_at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.String(100), nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("subject", sa.String(36), nullable=False),
        sa.Column("warning_id", sa.String(36)),
        sa.Column("town", sa.String(12)),
        sa.Column("at", sa.BigInteger),
        sa.Column("outcome", sa.String(12)),
        sa.Column("hazard", sa.String(8)),
        sa.Column("level", sa.String(8)),
        sa.Column("towns", sa.JSON),
        sa.Column("month", sa.String(7)),
        sa.Column("numerator", sa.Float),
        sa.Column("denominator", sa.Float),
        sa.Column("withdrawn", sa.Boolean, nullable=False),
    )
    op.create_index("observations_by_warning", "observations", ["warning_id"])
    op.create_index("observations_by_what", "observations", ["what", "at"])


def downgrade() -> None:
    """Drop them."""
    for table in ("observations", "contents", "changes", "aims", "faces", "folded"):
        op.drop_table(table)
