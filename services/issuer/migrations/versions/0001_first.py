"""The first tables: people and sessions, warnings and approvals, their story, their progress."""

import sqlalchemy as sa
from alembic import op

from services.kit.migrate import create_floor, drop_floor

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("users", "sessions", "warnings", "approvals", "events", "progress", "progress_targets")


def upgrade() -> None:
    """Create everything."""
    create_floor()
    _people()
    _warnings()
    _approvals()
    _progress()


def _people() -> None:
    op.create_table(
        "users",
        sa.Column("username", sa.String(40), primary_key=True),
        sa.Column("display_name", sa.String(40), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("town", sa.String(9)),
        sa.Column("failed", sa.Integer, nullable=False),
        sa.Column("locked_until", sa.BigInteger),
    )
    op.create_table(
        "sessions",
        sa.Column("token_sha256", sa.String(64), primary_key=True),
        sa.Column("username", sa.String(40), nullable=False, index=True),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger, nullable=False),
        sa.Column("revoked_at", sa.BigInteger),
    )


def _warnings() -> None:
    op.create_table(
        "warnings",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("hazard", sa.String(5), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("headline", sa.String(200), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("manifest", sa.Text),
        sa.Column("manifest_sha256", sa.String(64)),
        sa.Column("authors", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.Column("submitted_at", sa.BigInteger),
        sa.Column("expires", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("review_due", sa.BigInteger),
        sa.Column("identifier", sa.String(40), unique=True),
        sa.Column("notice", sa.Text),
        sa.Column("cap_xml", sa.LargeBinary),
        sa.Column("supersedes", sa.Text),
        sa.Column("approved_at", sa.BigInteger),
        sa.Column("planned_at", sa.BigInteger),
        sa.Column("retell_at", sa.BigInteger),
        sa.Column("retold", sa.Integer, nullable=False),
    )
    op.create_index("warnings_by_age", "warnings", ["created_at", "warning_id", "revision"])
    op.create_index("warnings_by_state", "warnings", ["state", "expires"])
    op.create_index("warnings_to_retell", "warnings", ["retell_at"])


def _approvals() -> None:
    op.create_table(
        "approvals",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("username", sa.String(40), nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("manifest_sha256", sa.String(64), nullable=False),
        sa.Column("statement", sa.Text, nullable=False),
        sa.UniqueConstraint("warning_id", "revision", "username", name="one_approval_each"),
    )
    op.create_table(
        "events",
        sa.Column(
            "position",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            primary_key=True,
            autoincrement=True,
        ),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.String(40), nullable=False),
        sa.Column("act", sa.String(40), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("events_of_a_warning", "events", ["warning_id", "at"])


def _progress() -> None:
    op.create_table(
        "progress",
        sa.Column("delivery_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("channel", sa.String(12), nullable=False),
        sa.Column("report", sa.Integer, nullable=False),
        sa.Column("tally", sa.Text, nullable=False),
        sa.Column("first_at", sa.BigInteger),
        sa.Column("gains", sa.Text, nullable=False),
    )
    op.create_index("progress_of_a_revision", "progress", ["warning_id", "revision"])
    op.create_table(
        "progress_targets",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String(12), primary_key=True),
        sa.Column("target", sa.String(64), primary_key=True),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text),
        sa.Column("received_at", sa.BigInteger),
        sa.Column("confirmed_at", sa.BigInteger),
    )


def downgrade() -> None:
    """Drop everything."""
    for name in reversed(TABLES):
        op.drop_table(name)
    drop_floor()
