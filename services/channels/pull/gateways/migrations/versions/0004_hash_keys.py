"""The key under which the hashes of a batch were made."""

import sqlalchemy as sa
from alembic import op

revision = "0004_hash_keys"
down_revision = "0003_contract"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; of batches that came before, nobody knows the key."""
    op.add_column("bodies", sa.Column("hash_key", sa.String(64)))


def downgrade() -> None:
    """Drop the column."""
    with op.batch_alter_table("bodies") as table:
        table.drop_column("hash_key")
