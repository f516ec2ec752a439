"""What places were called from a record on; those that are known now count from the beginning."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and begin it with the names that are known."""
    op.create_table(
        "names",
        sa.Column("code", sa.String(100), nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("town", sa.String(100)),
        sa.PrimaryKeyConstraint("code", "position"),
    )
    op.execute("INSERT INTO names (code, position, name, town) SELECT code, 0, name, town FROM places")


def downgrade() -> None:
    """Drop it."""
    op.drop_table("names")
