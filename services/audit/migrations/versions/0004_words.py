"""The index of words, so that reasons can be searched."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index, empty; what is recorded already is read into it by the audit as it runs."""
    op.create_table(
        "word_segments",
        sa.Column("segment", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("first", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("earliest", sa.BigInteger, nullable=False),
        sa.Column("latest", sa.BigInteger, nullable=False),
        sa.Column("postings", sa.Integer, nullable=False),
    )
    op.create_table(
        "words",
        sa.Column("segment", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("token", sa.LargeBinary, primary_key=True),
        sa.Column("positions", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "words_cursor",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sa.Column("segment", sa.BigInteger, nullable=False),
        sa.Column("forgotten", sa.BigInteger, nullable=False),
        sa.Column("odd", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Drop it; it can be made anew from the records."""
    for table in ("words_cursor", "words", "word_segments"):
        op.drop_table(table)
