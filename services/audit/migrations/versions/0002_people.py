"""Batches, the hashes of their recipients, and the pages into which these are gathered."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_GATHERED = sa.text("number IS NOT NULL")
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _batches()
    op.create_table(
        "postings",
        sa.Column("position", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("key_id", sa.String(64)),
        sa.Column("taken_at", sa.BigInteger, nullable=False),
        sa.Column("fault", sa.String(12)),
        sa.Column("first", sa.LargeBinary, nullable=False),
        sa.Column("last", sa.LargeBinary, nullable=False),
        sa.Column("hashes", sa.LargeBinary, nullable=False),
    )
    _pages()


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("delivery_id", sa.String(36), nullable=False),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("route", sa.String(100), nullable=False),
        sa.Column("key_id", sa.String(64)),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("sha256", sa.LargeBinary, nullable=False),
        sa.Column("fault", sa.String(12)),
        sa.Column("number", sa.BigInteger),
    )
    op.create_index("batches_by_delivery", "batches", ["delivery_id"])
    op.create_index(
        "batches_by_number",
        "batches",
        ["number"],
        sqlite_where=_GATHERED,
        postgresql_where=_GATHERED,
    )


def _pages() -> None:
    op.create_table(
        "volumes",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("key_id", sa.String(64)),
        sa.Column("batches", sa.Integer, nullable=False),
        sa.Column("entries", sa.Integer, nullable=False),
        sa.Column("gathered_at", sa.BigInteger, nullable=False),
    )
    op.create_index("volumes_by_warning", "volumes", ["warning_id"])
    op.create_table(
        "pages",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=True),
        sa.Column("volume", sa.BigInteger, nullable=False),
        sa.Column("first", sa.LargeBinary, nullable=False),
        sa.Column("entries", sa.LargeBinary, nullable=False),
    )
    op.create_index("pages_by_hash", "pages", ["volume", "first"])
    if op.get_bind().dialect.name == "postgresql":  # else each would be cut in three, with room between
        op.execute("ALTER TABLE pages ALTER COLUMN entries SET STORAGE PLAIN")


def downgrade() -> None:
    """Drop the tables; what was gathered is lost, the records are not."""
    for table in ("pages", "volumes", "postings", "batches"):
        op.drop_table(table)
