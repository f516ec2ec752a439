"""Keeping: proposals, holds, tombstones, counts that stay, heads outside, the walk."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TABLES = ("reread", "kept_heads", "target_counts", "listings", "tombstones", "holds", "proposals")


def upgrade() -> None:
    """Add what keeping needs."""
    _proposals()
    _holds()
    _tombstones()
    _counts()
    _watch()


def _proposals() -> None:
    op.create_table(
        "proposals",
        sa.Column("proposal_id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("about", sa.String(40), nullable=False, index=True),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("proposed_by", sa.String(40), nullable=False),
        sa.Column("proposed_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("decided_by", sa.String(40)),
        sa.Column("decided_at", sa.BigInteger),
    )


def _holds() -> None:
    op.create_table(
        "holds",
        sa.Column("hold_id", sa.String(36), primary_key=True),
        sa.Column("scope", sa.String(12), nullable=False),
        sa.Column("about", sa.String(100), nullable=False),
        sa.Column("from_us", sa.BigInteger, nullable=False),
        sa.Column("until_us", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("placed_by", sa.String(100), nullable=False),
        sa.Column("placed_at", sa.BigInteger, nullable=False),
        sa.Column("lifted_by", sa.String(36)),
    )


def _tombstones() -> None:
    op.create_table(
        "tombstones",
        sa.Column("agreement_id", sa.String(36), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("class", sa.String(40), nullable=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("positions", sa.Text, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("warning_id", sa.String(36)),
        sa.Column("listed_at", sa.BigInteger, nullable=False),
        sa.Column("rules", sa.Integer, nullable=False),
        sa.Column("proposed_by", sa.String(100), nullable=False),
        sa.Column("confirmed_by", sa.String(100), nullable=False),
        sa.Column("deleted_at", sa.BigInteger, nullable=False),
    )
    op.create_index("tombstones_by_place", "tombstones", ["first", "last"])
    op.create_table(
        "listings",
        sa.Column("agreement_id", sa.String(36), primary_key=True),
        sa.Column("upto", sa.BigInteger, nullable=False),
        sa.Column("after_warning", sa.String(36), nullable=False),
        sa.Column("lists", sa.Integer, nullable=False),
        sa.Column("done_at", sa.BigInteger),
    )


def _counts() -> None:
    op.create_table(
        "target_counts",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String(10), primary_key=True),
        sa.Column("planned", sa.Integer, nullable=False),
        sa.Column("asked", sa.Integer, nullable=False),
        sa.Column("strangers", sa.Integer, nullable=False),
        sa.Column("states", sa.JSON, nullable=False),
        sa.Column("received", sa.Integer, nullable=False),
        sa.Column("waits_ms", sa.JSON, nullable=False),
    )


def _watch() -> None:
    op.create_table(
        "kept_heads",
        sa.Column("place", sa.String(10), primary_key=True),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("since", sa.BigInteger),
        sa.Column("why", sa.Text, nullable=False),
    )
    op.create_table(
        "reread",
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("rounds", sa.Integer, nullable=False),
        sa.Column("walked_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop what keeping needs."""
    for table in _TABLES:
        op.drop_table(table)
