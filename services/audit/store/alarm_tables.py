"""Tables of reconciling: alarms, when each warning is looked at next, how far walks are, the last rounds."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table, Text, text

from services.audit.store.tables import metadata
from services.kit.db import Moment

_STANDING = text("ended_at IS NULL")

ALARMS = Table(
    "alarms",
    metadata,
    Column("alarm_id", String(36), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("scope", String(100), nullable=False),
    Column("what", String(40), nullable=False),
    Column("why", Text, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("warning_id", String(36)),
    Column("revision", Integer),
    Column("channel", String(10)),
    Column("about", String(100)),
    Column("expected", Text),
    Column("found", Text),
    Column("since", Moment),
    Column("first_seen", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("said", Integer, nullable=False),
    Column("say_at", Moment, nullable=False),
    Column("acknowledged_at", Moment),
    Column("acknowledged_by", String(100)),
    Column("acknowledged_why", Text),
    Column("ended_at", Moment),
    Column("agreement_id", String(36)),
    Index("alarms_standing", "name", unique=True, sqlite_where=_STANDING, postgresql_where=_STANDING),
    Index("alarms_by_scope", "scope", sqlite_where=_STANDING, postgresql_where=_STANDING),
    Index("alarms_due", "say_at", sqlite_where=_STANDING, postgresql_where=_STANDING),
    Index("alarms_by_warning", "warning_id", "alarm_id"),
)
"""`name` is the hash of what makes two differences the same; only one alarm of a name stands at a time.

`agreement_id` is that by which two people deleted what an alarm was about: then it is over.
"""

LOOKS = Table(
    "looks",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("urgent", Boolean, nullable=False),
    Column("looked_at", Moment),
    Column("rests_until", Moment),
    Column("differences", Integer, nullable=False),
    Column("due_at", Moment),
    Index("looks_due", "due_at"),
)
"""`due_at` is when a warning has news, or somebody's patience runs out; nothing while it is settled.

One that took long to compare rests for a while.
"""

WALKS = Table(
    "walks",
    metadata,
    Column("name", String(20), primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("key", String(100), nullable=False),
    Column("moved_at", Moment, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("through_at", Moment),
)
"""How far each walk is, how often it came to its end, and when it last did."""

ROUNDS = Table(
    "rounds",
    metadata,
    Column("slot", Integer, primary_key=True, autoincrement=False),
    Column("at", Moment, nullable=False),
    Column("as_of", Moment, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("behind", BigInteger, nullable=False),
    Column("warnings", Integer, nullable=False),
    Column("found", Integer, nullable=False),
    Column("standing", Integer, nullable=False),
    Column("issuer", Boolean, nullable=False),
    Column("took_ms", Integer, nullable=False),
)
"""The last rounds, in as many slots as are kept."""
