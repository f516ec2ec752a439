"""People of a block in columns, whom a manifest picks of them, and the rules that were in force."""

import sqlalchemy as sa
from alembic import op

revision = "0002_columns"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Blocks that are there already are read as they came."""
    op.add_column("blocks", sa.Column("people", sa.LargeBinary))
    op.add_column("blocks", sa.Column("addresses", sa.LargeBinary))
    op.add_column("plans", sa.Column("published", sa.LargeBinary))
    op.create_table(
        "amendments",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("registry_version", sa.String(64), nullable=False),
        sa.Column("taken", sa.Boolean, nullable=False),
        sa.Column("decided_by", sa.String(100), nullable=False),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("added", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "rules",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("version", sa.String(50), nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("in_force_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "picks",
        sa.Column("manifest_sha256", sa.String(64), primary_key=True),
        sa.Column("channel", sa.String(16), primary_key=True),
        sa.Column("bits", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Take everything back."""
    op.drop_table("picks")
    op.drop_table("rules")
    op.drop_table("amendments")
    op.drop_column("plans", "published")
    op.drop_column("blocks", "addresses")
    op.drop_column("blocks", "people")
