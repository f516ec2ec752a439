"""Escalation: who must answer, the clocks, the steps taken, the answers; when stations came and went."""

import sqlalchemy as sa
from alembic import op

revision = "0003_duties"
down_revision = "0002_columns"
branch_labels = None
depends_on = None

_TABLES = ("presences", "climbs", "duties", "duty_steps", "callees", "replies", "answers")


def upgrade() -> None:
    """Create the tables of escalation."""
    _climbs()
    _duties()
    op.create_table(
        "duty_steps",
        sa.Column("duty_id", sa.String(36), primary_key=True),
        sa.Column("rung", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("called", sa.Integer, nullable=False),
        sa.Column("instead", sa.String(20)),
        sa.Column("unheard", sa.Boolean, nullable=False),
    )
    _callees()
    _answers()
    op.create_table(
        "presences",
        sa.Column("station", sa.String(64), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("at", sa.BigInteger, primary_key=True),
        sa.Column("presence", sa.String(8), nullable=False),
    )
    op.create_index("presences_by_age", "presences", ["at"])


def _climbs() -> None:
    op.create_table(
        "climbs",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("hazard", sa.String(8), nullable=False),
        sa.Column("rules", sa.String(40), nullable=False),
        sa.Column("ladder", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("said", sa.LargeBinary, nullable=False),
        sa.Column("started_at", sa.BigInteger, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
    )
    unopened = sa.text("opened_at IS NULL AND ended_at IS NULL")
    op.create_index(
        "climbs_unopened", "climbs", ["started_at"], postgresql_where=unopened, sqlite_where=unopened
    )


def _duties() -> None:
    op.create_table(
        "duties",
        sa.Column("duty_id", sa.String(36), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(8), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("place", sa.String(64), nullable=False),
        sa.Column("village", sa.String(12)),
        sa.Column("town", sa.String(9)),
        sa.Column("name", sa.String(100)),
        *(sa.Column(name, sa.BigInteger, nullable=False) for name in ("started_at", "expires_at")),
        sa.Column("rung", sa.Integer, nullable=False),
        *(sa.Column(name, sa.BigInteger) for name in ("due_at", "received_at", "confirmed_at")),
        sa.Column("confirmed_by", sa.String(100)),
        sa.Column("way", sa.String(16)),
        sa.Column("taken_at", sa.BigInteger),
        sa.Column("taken_by", sa.String(100)),
        *(sa.Column(name, sa.BigInteger) for name in ("alarmed_at", "ended_at")),
    )
    ticking, standing = sa.text("due_at IS NOT NULL"), sa.text("ended_at IS NULL")
    op.create_index("duties_due", "duties", ["due_at"], postgresql_where=ticking, sqlite_where=ticking)
    op.create_index("duties_of_warning", "duties", ["warning_id", "revision", "place"])
    op.create_index(
        "duties_standing",
        "duties",
        ["town", "expires_at"],
        postgresql_where=standing,
        sqlite_where=standing,
    )


def _callees() -> None:
    op.create_table(
        "callees",
        sa.Column("duty_id", sa.String(36), primary_key=True),
        sa.Column("hash", sa.String(16), primary_key=True),
        sa.Column("warning_id", sa.String(36), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("own", sa.Boolean, nullable=False),
        sa.Column("called_at", sa.BigInteger),
    )
    op.create_index("callees_by_hash", "callees", ["warning_id", "revision", "hash"])


def _answers() -> None:
    op.create_table(
        "replies",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True),
        sa.Column("hash", sa.String(16), primary_key=True),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "answers",
        sa.Column("answer_id", sa.String(36), primary_key=True),
        sa.Column("duty_id", sa.String(36), nullable=False, index=True),
        sa.Column("way", sa.String(16), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("phone", sa.LargeBinary),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.BigInteger, nullable=False),
        sa.Column("recorded_by", sa.String(100), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for name in reversed(_TABLES):
        op.drop_table(name)
