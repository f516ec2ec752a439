"""What was said was said when it was recorded at the latest: clocks that were ahead are put right."""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put right what is kept of revisions and of observations."""
    op.execute(
        "UPDATE faces SET said_at = (SELECT recorded_at FROM records WHERE records.position = faces.position)"
        " WHERE said_at > (SELECT recorded_at FROM records WHERE records.position = faces.position)"
    )
    op.execute(
        "UPDATE observations"
        " SET said_at = (SELECT recorded_at FROM records WHERE records.position = observations.position)"
        " WHERE said_at > (SELECT recorded_at FROM records WHERE records.position = observations.position)"
    )


def downgrade() -> None:
    """Leave it: the records have what each clock said."""
