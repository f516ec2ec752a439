"""The tables of the router."""

from sqlalchemy import Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

from services.kit.db import Moment

metadata = MetaData()

BLOCKS = Table(
    "blocks",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("people", LargeBinary),
    Column("addresses", LargeBinary),
    Column("stations", Integer, nullable=False),
    Column("recipients", Integer, nullable=False),
    Column("kept_at", Moment, nullable=False),
)
"""`sealed` is a block as it came; of a village also its people, and their addresses, in columns; sealed."""

CURRENT = Table(
    "current_blocks",
    metadata,
    Column("key", String(20), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)
"""The newest block of each key; one that is gone stays, so that an older one cannot come back."""

PINNED = Table(
    "pinned_blocks",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("key", String(20), primary_key=True),
    Column("sha256", String(64), nullable=False, index=True),
)
"""The blocks of every registry version that a manifest names; they are kept until no plan needs them."""

MANIFESTS = Table(
    "manifests",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("registry_version", String(64), nullable=False, index=True),
    Column("pinned_at", Moment, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

PICKS = Table(
    "picks",
    metadata,
    Column("manifest_sha256", String(64), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("bits", LargeBinary, nullable=False),
)
"""Of each sealed channel of a manifest, one bit for each recipient of its blocks: set for whom is reached."""

RULES = Table(
    "rules",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("version", String(50), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("in_force_at", Moment, nullable=False),
)
"""Every file of routing rules that was ever in force here, and since when the last time."""

LADDERS = Table(
    "ladders",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("version", String(50), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("in_force_at", Moment, nullable=False),
)
"""Every file of escalation rules that was ever in force here, and since when the last time."""

PLANS = Table(
    "plans",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("action", String(8), nullable=False),
    Column("manifest_sha256", String(64), nullable=False, index=True),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("made", LargeBinary, nullable=False),
    Column("published", LargeBinary),
)
"""`made` is the PlanMade message as it was said, `published` the warning's, of which amendments are made."""

AMENDMENTS = Table(
    "amendments",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("registry_version", String(64), nullable=False),
    Column("taken", Boolean, nullable=False),
    Column("decided_by", String(100), nullable=False),
    Column("decided_at", Moment, nullable=False),
    Column("added", LargeBinary, nullable=False),
    Column("reason", String(500), nullable=False, server_default=""),
)
"""What somebody decided on registry changes after the plan; `added` has each channel's targets, as JSON."""

DELIVERIES = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("route", String(100)),
    Column("size", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("requested_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("request", LargeBinary),
    Column("tries", Integer, nullable=False),
    Column("taken_at", Moment),
    Column("next_at", Moment),
    Column("asked_again_s", Integer),
)
"""`request` is the DeliveryRequested message until somebody takes it; `next_at` is when it is said again.

`asked_again_s` is the pause before the first time, where a rule names one; it is doubled from then on.
"""

Index("deliveries_of_warning", DELIVERIES.c.warning_id, DELIVERIES.c.revision)
_WAITING = DELIVERIES.c.next_at.is_not(None)
Index("deliveries_waiting", DELIVERIES.c.next_at, postgresql_where=_WAITING, sqlite_where=_WAITING)

PROGRESS = Table(
    "progress",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("report", Integer, nullable=False),
    Column("tally", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
)
"""The highest photograph of each delivery; a report that comes before its plan waits here."""

TOMBSTONES = Table(
    "tombstones",
    metadata,
    Column("mode", String(8), primary_key=True),
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("reason", String(16)),
    Column("at", Moment, nullable=False),
)
"""The highest ended revision of each warning, and why; 0 while none is ended: the row is locked by then."""

CLIMBS = Table(
    "climbs",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("level", String(8), nullable=False),
    Column("hazard", String(8), nullable=False),
    Column("rules", String(40), nullable=False),
    Column("rules_sha256", String(64)),
    Column("ladder", LargeBinary, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("said", LargeBinary, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("opened_at", Moment),
    Column("opened_to", String(64)),
    Column("reopened_at", Moment),
    Column("ended_at", Moment),
)
"""Revisions that ask for an answer: the ladder as it was then, and the message, for calls; see `duties`.

`opened_to` is how far the rosters were read, `opened_at` when they all were, `reopened_at` when an amendment
brought somebody: whoever is new is waited for since then.
"""
_UNOPENED = CLIMBS.c.opened_at.is_(None) & CLIMBS.c.ended_at.is_(None)
Index("climbs_unopened", CLIMBS.c.started_at, postgresql_where=_UNOPENED, sqlite_where=_UNOPENED)

DUTIES = Table(
    "duties",
    metadata,
    Column("duty_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("level", String(8), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("place", String(64), nullable=False),
    Column("village", String(12)),
    Column("town", String(9)),
    Column("name", String(100)),
    Column("started_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("rung", Integer, nullable=False),
    Column("due_at", Moment),
    Column("received_at", Moment),
    Column("confirmed_at", Moment),
    Column("confirmed_by", String(100)),
    Column("way", String(16)),
    Column("taken_at", Moment),
    Column("taken_by", String(100)),
    Column("alarmed_at", Moment),
    Column("ended_at", Moment),
)
"""Who must answer a revision: a place (its station's code) or a leader (his id). `due_at` is the clock."""
_TICKING = DUTIES.c.due_at.is_not(None)
Index("duties_due", DUTIES.c.due_at, postgresql_where=_TICKING, sqlite_where=_TICKING)
Index("duties_of_warning", DUTIES.c.warning_id, DUTIES.c.revision, DUTIES.c.place)
_STANDING = DUTIES.c.ended_at.is_(None)
Index(
    "duties_standing", DUTIES.c.town, DUTIES.c.expires_at, postgresql_where=_STANDING, sqlite_where=_STANDING
)

STEPS = Table(
    "duty_steps",
    metadata,
    Column("duty_id", String(36), primary_key=True),
    Column("rung", Integer, primary_key=True),
    Column("name", String(32), nullable=False),
    Column("at", Moment, nullable=False),
    Column("called", Integer, nullable=False),
    Column("instead", String(20)),
    Column("unheard", Boolean, nullable=False),
)
"""What was done: one row for each rung that a duty has climbed, whoever did it."""

CALLEES = Table(
    "callees",
    metadata,
    Column("duty_id", String(36), primary_key=True),
    Column("hash", String(16), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("name", String(100), nullable=False),
    Column("own", Boolean, nullable=False),
    Column("called_at", Moment),
)
"""Whose answer counts: `own` people's closes a duty; others take it in hand, after their first call."""
Index("callees_by_hash", CALLEES.c.warning_id, CALLEES.c.revision, CALLEES.c.hash)

REPLIES = Table(
    "replies",
    metadata,
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("hash", String(16), primary_key=True),
    Column("way", String(16), nullable=False),
    Column("at", Moment, nullable=False),
)
"""Who has answered by phone and when last, whether it is known yet for which place."""

PRESENCES = Table(
    "presences",
    metadata,
    Column("station", String(64), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("at", Moment, primary_key=True),
    Column("presence", String(8), nullable=False),
)
"""When each station came and went, as the channels saw it."""
Index("presences_by_age", PRESENCES.c.at)

ANSWERS = Table(
    "answers",
    metadata,
    Column("answer_id", String(36), primary_key=True),
    Column("duty_id", String(36), nullable=False, index=True),
    Column("way", String(16), nullable=False),
    Column("name", String(100), nullable=False),
    Column("phone", LargeBinary),
    Column("at", Moment, nullable=False),
    Column("recorded_at", Moment, nullable=False),
    Column("recorded_by", String(100), nullable=False),
    Column("note", String(500), nullable=False),
)
"""Answers that a person wrote down; the phone is sealed."""

BACKS = Table(
    "backs",
    metadata,
    Column("mode", String(8), primary_key=True),
    Column("warning_id", String(36), primary_key=True),
    Column("station", String(64), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("number", Integer, nullable=False),
    Column("village", String(12), nullable=False),
    Column("town", String(9), nullable=False),
    Column("at", Moment, nullable=False),
    Column("red", Boolean, nullable=False),
    Column("back", LargeBinary, nullable=False),
)
"""What villages told back: the latest word of each on a warning, of whichever revision."""
Index("backs_of_town", BACKS.c.town, BACKS.c.at)
Index("backs_by_age", BACKS.c.at)
