"""What towns add to warnings in force."""

import sqlalchemy as sa
from alembic import op

revision = "0008_notes"
down_revision = "0007_suspensions"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of notes."""
    op.create_table(
        "notes",
        sa.Column("note_id", sa.String(36), primary_key=True),
        sa.Column("of_warning", sa.String(36), nullable=False),
        sa.Column("of_revision", sa.Integer, nullable=False),
        sa.Column("town", sa.String(9), nullable=False),
        sa.Column("town_name", sa.String(60), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("by_name", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_index("notes_of_warning", "notes", ["of_warning", "town"])
    op.create_index("notes_of_town", "notes", ["town", "at"])


def downgrade() -> None:
    """Drop it."""
    op.drop_table("notes")
