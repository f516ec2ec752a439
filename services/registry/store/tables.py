"""The other tables of the registry: keys, blocks, history, responses, imports."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table, Text

from services.kit import proposals
from services.kit.db import Moment
from services.registry.store.rows import metadata

KEYS = Table(
    "api_keys",
    metadata,
    Column("key_id", String(40), primary_key=True),
    Column("owner", String(40), nullable=False, index=True),
    Column("mode", String(8), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("issued_at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("bcrypt", String(60)),
)

STATION_CODES = Table(
    "station_codes",
    metadata,
    Column("proof", String(24), primary_key=True),
    Column("station", String(40), nullable=False, index=True),
    Column("modes", String(20), nullable=False),
    Column("made_by", String(40), nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("used_from", String(60)),
    Column("terminal", String(40)),
    Column("withdrawn_at", Moment),
)
"""One-time codes by which a station gets its keys; of each only what we can make of it is kept."""

PROPOSALS = proposals.table(metadata)
"""What one operator wants and another has not confirmed yet: keys, and rows that give power."""

BLOCKS = Table(
    "blocks",
    metadata,
    Column("block", String(20), primary_key=True),
    Column("plain_hash", String(64), nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("changed_at", Moment, nullable=False),
)

DUE = Table(
    "due_blocks",
    metadata,
    Column("block", String(20), primary_key=True),
    Column("since", Moment, nullable=False),
)
"""Blocks whose rows changed and that are to be said anew."""

HISTORY = Table(
    "history",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("key", String(120), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("row", LargeBinary, nullable=False),
    Column("changed_at", Moment),
    Column("changed_by", String(40)),
    Column("replaced_at", Moment, nullable=False),
)
"""Rows as they were before they changed; phones in them stay sealed."""

RESPONSES = Table(
    "responses",
    metadata,
    Column("department", String(31), primary_key=True),
    Column("warning_id", String(36), primary_key=True),
    Column("mode", String(8), primary_key=True),
    Column("act", String(10), primary_key=True),
    Column("note", String(300), nullable=False),
    Column("by", String(40), nullable=False),
    Column("at", Moment, nullable=False),
)
"""What a department said that it does about a warning."""

WARNINGS = Table(
    "warnings",
    metadata,
    Column("mode", String(8), primary_key=True),
    Column("warning_id", String(36), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("ended", Integer, nullable=False),
    Column("level", String(8), nullable=False),
    Column("hazard_name", Text, nullable=False),
    Column("hazard_name_en", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("sent", Moment),
    Column("expires", Moment),
)
"""The warnings to which departments respond: the newest revision, and the highest that has ended."""
Index("warnings_by_time", WARNINGS.c.sent)

IMPORTS = Table(
    "imports",
    metadata,
    Column("import_id", String(36), primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("file", String(120), nullable=False),
    Column("state", String(10), nullable=False),
    Column("complete", Boolean, nullable=False),
    Column("by", String(40), nullable=False),
    Column("begun_at", Moment, nullable=False),
    Column("touched_at", Moment, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("faults", Integer, nullable=False),
    Column("added", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("ended", Integer, nullable=False),
    Column("columns", Text, nullable=False),
    Column("decided_by", String(40)),
    Column("decided_at", Moment),
)
Index("imports_by_time", IMPORTS.c.begun_at)

STAGED = Table(
    "staged",
    metadata,
    Column("import_id", String(36), primary_key=True),
    Column("key", String(120), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("row", LargeBinary, nullable=False),
    Column("twin", String(64)),
)
"""Rows of a file that was read and not applied yet; `twin` is what two rows of one person share."""

FAULTS = Table(
    "import_faults",
    metadata,
    Column("import_id", String(36), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("line", Integer, nullable=False),
    Column("field", String(60), nullable=False),
    Column("why", String(300), nullable=False),
    Column("mend", String(200), nullable=False),
)
