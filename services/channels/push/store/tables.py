"""The tables of a push house."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, MetaData, String, Table

from services.channels import ground, tombstones
from services.kit.db import Moment

metadata = MetaData()
TOMBSTONES = tombstones.table(metadata)

DELIVERIES = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("rank", Integer, nullable=False),
    Column("stage", String(8), nullable=False),
    Column("air", String(8), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("report", Integer, nullable=False),
    Column("reference", String(64)),
    Column("memo", LargeBinary, nullable=False),
    Column("withdrawn", String(16)),
    Column("states", LargeBinary, nullable=False),
    Column("request", LargeBinary, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("claimed_until", Moment),
    Column("tried_at", Moment),
    Column("expires_at", Moment, nullable=False),
    Column("ends_at", Moment),
)
Index("deliveries_due", DELIVERIES.c.stage, DELIVERIES.c.mode, DELIVERIES.c.lane, DELIVERIES.c.due_at)
Index("deliveries_of_warning", DELIVERIES.c.warning_id, DELIVERIES.c.revision)
Index("deliveries_ending", DELIVERIES.c.ends_at)
Index("deliveries_called", DELIVERIES.c.reference)
Index("deliveries_tried", DELIVERIES.c.tried_at)

MESSAGES = Table(
    "messages",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("delivery_id", String(36), nullable=False, index=True),
    Column("position", Integer, nullable=False),
)
"""What a partner calls a message to one recipient: only for those of which it tells us more later."""

EVENTS = Table(
    "events",
    metadata,
    Column("message_id", String(64), primary_key=True),
    Column("state", String(12), nullable=False),
    Column("detail", String(200)),
    Column("heard_at", Moment, nullable=False, index=True),
)
"""What a partner told us of its own accord and what is not folded in yet; it may come before the answer."""

SERIALS = Table(
    "serials",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", BigInteger, nullable=False),
)

TOKENS = Table(
    "tokens",
    metadata,
    Column("account", String(64), primary_key=True),
    Column("sealed", LargeBinary),
    Column("good_until", Moment),
    Column("renew_at", Moment),
    Column("asked_until", Moment),
)
"""The access token of an account, sealed; one replica at a time asks for a new one."""

LINKS = Table(
    "links",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("up", Boolean, nullable=False),
    Column("seen", String(200), nullable=False),
    Column("tested_at", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("took_ms", Integer, nullable=False),
)
"""What the last link test saw, and since when it has been so."""

LINK_TESTS = Table(
    "link_tests",
    metadata,
    Column("channel", String(16), primary_key=True),
    Column("tested_at", Moment, primary_key=True),
    Column("up", Boolean, nullable=False),
    Column("seen", String(200), nullable=False),
    Column("took_ms", Integer, nullable=False),
)
"""Every link test of the last days."""
PLACES = ground.table(metadata)
"""The towns that a browser may follow; empty in every other house."""

BROWSERS = Table(
    "browsers",
    metadata,
    Column("browser_id", String(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("key_id", String(40), nullable=False),
    Column("language", String(2), nullable=False),
    Column("lowest", String(8), nullable=False),
    Column("hazards", String(400), nullable=False),
    Column("drills", Boolean, nullable=False),
    Column("kept_at", Moment, nullable=False),
)
"""Browsers that want to be warned; their addresses are sealed: who has one may push to it."""

FOLLOWS = Table(
    "follows",
    metadata,
    Column("town", String(9), primary_key=True),
    Column("browser_id", String(32), primary_key=True, index=True),
)

TOLD = Table(
    "told",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("browser_id", String(32), primary_key=True, index=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("fate", String(8), nullable=False),
    Column("halted", Boolean, nullable=False),
    Column("at", Moment, nullable=False, index=True),
)
Index("told_of_warning", TOLD.c.warning_id, TOLD.c.browser_id)
"""What each browser was told, or may have been: written before it is spoken to."""
MASSES = Table(
    "masses",
    metadata,
    Column("mass_id", String(32), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("text", String(600), nullable=False),
    Column("author", String(64), nullable=False),
    Column("made_at", Moment, nullable=False, index=True),
    Column("state", String(12), nullable=False),
    Column("sender", String(64)),
    Column("sent_at", Moment),
    Column("message_id", String(64), index=True),
    Column("reached", Integer),
    Column("detail", String(200)),
)
"""Mass messages by WeChat: digests and drills, never warnings."""
