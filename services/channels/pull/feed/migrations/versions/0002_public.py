"""The public page: why an entry ended and when, and the places of the district for its map."""

import sqlalchemy as sa
from alembic import op

revision = "0002_public"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; what ended before has no reason."""
    with op.batch_alter_table("entries") as batch:
        batch.add_column(sa.Column("reason", sa.String(16), nullable=True))
        batch.add_column(sa.Column("ended_at", sa.BigInteger, nullable=True))
    op.create_table(
        "places",
        sa.Column("code", sa.String(12), primary_key=True),
        sa.Column("town", sa.String(9), nullable=False, index=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("name_en", sa.String(100), nullable=False),
        sa.Column("shape", sa.LargeBinary, nullable=False),
        sa.Column("gone", sa.String(4), nullable=False),
        sa.Column("heard_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("places")
    with op.batch_alter_table("entries") as batch:
        batch.drop_column("ended_at")
        batch.drop_column("reason")
