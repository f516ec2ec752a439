"""The tables of the stations house."""

from sqlalchemy import (
    BigInteger,
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

from services.channels import keys, tombstones
from services.kit.db import Moment
from services.kit.outbox import Sequence64

metadata = MetaData()

API_KEYS = keys.table(metadata)
TOMBSTONES = tombstones.table(metadata)

BLOCKS = Table(
    "blocks",
    metadata,
    Column("block", String(20), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("at", Moment, nullable=False),
)

STATIONS = Table(
    "stations",
    metadata,
    Column("code", String(40), primary_key=True),
    Column("name", String(100), nullable=False),
    Column("village", String(12), nullable=False),
    Column("block", String(20), nullable=False, index=True),
    Column("station_class", String(10), nullable=False),
    Column("duty_name", String(60)),
)

HERE = Table(
    "here",
    metadata,
    Column("village", String(12), primary_key=True),
    Column("points", Text, nullable=False),
)
"""What the registry knows of a village that its screen shows beside a warning, as JSON."""

SEQUENCES = Table(
    "sequences",
    metadata,
    Column("station", String(40), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("last", BigInteger, nullable=False),
)

EPOCHS = Table(
    "epochs",
    metadata,
    Column("only", Integer, primary_key=True, autoincrement=False),
    Column("floor", BigInteger, nullable=False),
)
"""One row at most: above which number sequences go on."""

DELIVERIES = Table(
    "deliveries",
    metadata,
    Column("delivery_id", String(36), primary_key=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("mode", String(8), nullable=False),
    Column("lane", String(8), nullable=False),
    Column("action", String(8), nullable=False),
    Column("level", String(8), nullable=False),
    Column("size", Integer, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("report", Integer, nullable=False),
    Column("tally", Text, nullable=False),
    Column("open", Integer, nullable=False),
)
Index("deliveries_warning", DELIVERIES.c.warning_id, DELIVERIES.c.revision)
Index(
    "deliveries_open",
    DELIVERIES.c.expires,
    postgresql_where=DELIVERIES.c.open > 0,
    sqlite_where=DELIVERIES.c.open > 0,
)

NOTICES = Table(
    "notices",
    metadata,
    Column("notice_id", Sequence64, primary_key=True, autoincrement=True),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("level", String(8), nullable=False),
    Column("title", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("expires", Moment, nullable=False),
    UniqueConstraint("warning_id", "revision", "kind", name="notices_once"),
)

ITEMS = Table(
    "items",
    metadata,
    Column("station", String(40), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("delivery_id", String(36), nullable=False),
    Column("notice_id", BigInteger, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("queued_at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("received_at", Moment),
    Column("verified_at", Moment),
    Column("played_at", Moment),
    Column("confirmed_at", Moment),
    Column("confirmed_by", String(60)),
    Column("acted_at", Moment),
    Column("acted_by", String(60)),
)
"""A halt belongs to no delivery: its `delivery_id` is an id of its own, by which it is found."""
Index("items_delivery", ITEMS.c.delivery_id, ITEMS.c.station)
Index("items_warning", ITEMS.c.warning_id, ITEMS.c.revision, ITEMS.c.station)

EARLY = Table(
    "early_reports",
    metadata,
    Column("station", String(40), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("fact", String(10), primary_key=True),
    Column("at", Moment, nullable=False),
    Column("said_by", String(60)),
    Column("heard_at", Moment, nullable=False, index=True),
)
"""Reports that came before the delivery which they are about; they are folded in when it comes."""

PRESENCE = Table(
    "presence",
    metadata,
    Column("station", String(40), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("state", String(8), nullable=False),
    Column("since", Moment, nullable=False),
    Column("heard_at", Moment, nullable=False),
    Column("terminal", String(40), nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("clock_offset_ms", BigInteger, nullable=False),
    Column("health", Text, nullable=False),
)

BACKS = Table(
    "backs",
    metadata,
    Column("station", String(40), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("body", Text, nullable=False),
    Column("heard_at", Moment, nullable=False),
)
"""What villages told back: the latest word of each on a revision."""

MQTT_KEYS = Table(
    "mqtt_keys",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("owner", String(40), nullable=False, index=True),
    Column("mode", String(8), nullable=False),
    Column("bcrypt", String(60), nullable=False),
)
"""The keys of stations once more, hashed as nats-server checks them."""

MQTT_CURSORS = Table(
    "mqtt_cursors",
    metadata,
    Column("station", String(40), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)
"""Up to which number nats-server has taken what is for a station; the station itself may have less."""

FRAMES = Table(
    "beidou_frames",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("mode", String(8), nullable=False),
    Column("warning_id", String(36), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("kind", String(8), nullable=False),
    Column("stations", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String(8), nullable=False, index=True),
    Column("sent_at", Moment),
)
"""What was said, or is to be said, by Beidou to stations that nothing else reaches."""
Index("beidou_warning", FRAMES.c.warning_id, FRAMES.c.revision)
