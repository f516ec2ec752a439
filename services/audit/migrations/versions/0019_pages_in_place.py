"""Pages of hashes stay in their rows: moved out of them, each would cost three more journeys to the disk."""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Tell PostgreSQL so; SQLite moves nothing out. Pages of before move when they are written anew."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE pages ALTER COLUMN entries SET STORAGE PLAIN")


def downgrade() -> None:
    """Leave it to PostgreSQL again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE pages ALTER COLUMN entries SET STORAGE EXTENDED")
