"""An index by which the newest warnings of a mode are found without reading all of them."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create it."""
    op.create_index("revisions_by_mode", "revisions", ["mode", "heard_at", "warning_id", "revision"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("revisions_by_mode", "revisions")
