"""The issuer's tables."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from services.kit import proposals
from services.kit.db import Moment
from services.kit.outbox import Sequence64

metadata = MetaData()

USERS = Table(
    "users",
    metadata,
    Column("username", String(40), primary_key=True),
    Column("display_name", String(40), nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("roles", Text, nullable=False),
    Column("town", String(9)),
    Column("failed", Integer, nullable=False),
    Column("locked_until", Moment),
    Column("must_change", Boolean, nullable=False),
    Column("secret_sealed", LargeBinary),
    Column("last_step", BigInteger, nullable=False),
    Column("disabled_at", Moment),
)

RECOVERY_CODES = Table(
    "recovery_codes",
    metadata,
    Column("code_sha256", String(64), primary_key=True),
    Column("username", String(40), nullable=False, index=True),
    Column("used_at", Moment),
)

SESSIONS = Table(
    "sessions",
    metadata,
    Column("token_sha256", String(64), primary_key=True),
    Column("username", String(40), nullable=False, index=True),
    Column("created_at", Moment, nullable=False),
    Column("used_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("second_at", Moment),
    Column("source", String(64)),
    Column("agent", String(120), nullable=False),
)

PROPOSALS = proposals.table(metadata)

PEOPLE_EVENTS = Table(
    "people_events",
    metadata,
    Column("position", Sequence64, primary_key=True, autoincrement=True),
    Column("username", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(40), nullable=False),
    Column("act", String(40), nullable=False),
    Column("note", Text, nullable=False),
    Column("source", String(64)),
    Column("session", String(12)),
)
Index("people_events_of_somebody", PEOPLE_EVENTS.c.username, PEOPLE_EVENTS.c.position)

WARNINGS = Table(
    "warnings",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("state", String(12), nullable=False),
    Column("version", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("hazard", String(5), nullable=False),
    Column("level", String(8), nullable=False),
    Column("headline", String(200), nullable=False),
    Column("content", Text, nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("manifest", Text),
    Column("manifest_sha256", String(64)),
    Column("authors", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("submitted_at", Moment),
    Column("expires", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("review_due", Moment),
    Column("identifier", String(40), unique=True),
    Column("notice", Text),
    Column("cap_xml", LargeBinary),
    Column("supersedes", Text),
    Column("approved_at", Moment),
    Column("planned_at", Moment),
    Column("retell_at", Moment),
    Column("retold", Integer, nullable=False),
    Column("emergency", Text, nullable=False, server_default=""),
)
Index("warnings_by_age", WARNINGS.c.created_at, WARNINGS.c.warning_id, WARNINGS.c.revision)
Index("warnings_by_state", WARNINGS.c.state, WARNINGS.c.expires)
Index("warnings_to_retell", WARNINGS.c.retell_at)

APPROVALS = Table(
    "approvals",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("username", String(40), nullable=False),
    Column("name", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("manifest_sha256", String(64), nullable=False),
    Column("statement", Text, nullable=False),
    Column("beside", Text, nullable=False, server_default="[]"),
    UniqueConstraint("warning_id", "revision", "username", name="one_approval_each"),
)

EVENTS = Table(
    "events",
    metadata,
    Column("position", Sequence64, primary_key=True, autoincrement=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("actor", String(40), nullable=False),
    Column("act", String(40), nullable=False),
    Column("note", Text, nullable=False),
    Column("source", String(64)),
    Column("session", String(12)),
)
Index("events_of_a_warning", EVENTS.c.warning_id, EVENTS.c.at)

PROGRESS = Table(
    "progress",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("channel", String(12), nullable=False),
    Column("report", Integer, nullable=False),
    Column("tally", Text, nullable=False),
    Column("first_at", Moment),
    Column("gains", Text, nullable=False),
)
Index("progress_of_a_revision", PROGRESS.c.warning_id, PROGRESS.c.revision)

PROGRESS_TARGETS = Table(
    "progress_targets",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("channel", String(12), primary_key=True),
    Column("target", String(64), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", Text),
    Column("received_at", Moment),
    Column("confirmed_at", Moment),
)

REVIEWS = Table(
    "reviews",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("cause", String(12), primary_key=True),
    Column("begun_at", Moment, nullable=False),
    Column("due", Moment, nullable=False),
    Column("done_at", Moment),
    Column("by", String(40)),
    Column("name", String(40)),
    Column("verdict", String(12)),
    Column("note", Text, nullable=False),
)
Index("reviews_by_age", REVIEWS.c.done_at, REVIEWS.c.due)

HANDOVERS = Table(
    "handovers",
    metadata,
    Column("handover_id", String(36), primary_key=True),
    Column("goes", String(40), nullable=False),
    Column("goes_name", String(40), nullable=False),
    Column("goes_at", Moment, nullable=False),
    Column("note", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("comes", String(40)),
    Column("comes_name", String(40)),
    Column("comes_at", Moment),
    Column("remark", Text, nullable=False),
)
Index("handovers_by_age", HANDOVERS.c.goes_at)

AFTERWARDS = Table(
    "afterwards",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("by", String(40), nullable=False),
    Column("name", String(40), nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("onset", Moment),
    Column("ended", Moment),
    Column("amounts", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("imported", Integer, nullable=False),
)

PREPARED = Table(
    "prepared",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("content", Text, nullable=False),
    Column("content_sha256", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)
