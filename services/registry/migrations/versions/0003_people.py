"""Everything else that must hear or be heard: places, receivers, rosters, imports, history, responses."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003_people"
down_revision = "0002_proposals"
branch_labels = None
depends_on = None

OLD = ("towns", "villages", "stations", "recipients", "gateways", "accounts")
NEW = (
    "regions",
    "neighbours",
    "households",
    "groups",
    "hazard_points",
    "thresholds",
    "departments",
    "units",
    "terminals",
    "rosters",
    "due_blocks",
    "history",
    "responses",
    "imports",
    "staged",
    "import_faults",
)


def upgrade() -> None:
    """Add columns and tables."""
    for name in OLD:
        for column in _life():
            op.add_column(name, column)
    for name, column in _more():
        op.add_column(name, column)
    op.create_index("recipients_by_phone", "recipients", ["phone_hash"])
    _places()
    _receivers()
    _acts()
    _imports()


def _life() -> list[sa.Column[Any]]:
    """Return the columns that every kind of row has."""
    return [
        sa.Column("valid_from", sa.String(10)),
        sa.Column("valid_to", sa.String(10)),
        sa.Column("version", sa.Integer, nullable=False, server_default="1"),
        sa.Column("changed_at", sa.BigInteger),
        sa.Column("changed_by", sa.String(40)),
        sa.Column("checked_at", sa.BigInteger),
    ]


def _more() -> list[tuple[str, sa.Column[Any]]]:
    """Return the further columns of the tables that are there."""
    return [
        ("towns", sa.Column("successor", sa.String(9))),
        ("villages", sa.Column("successor", sa.String(12))),
        ("stations", sa.Column("unit", sa.String(9))),
        ("stations", sa.Column("department", sa.String(31))),
        ("stations", sa.Column("town", sa.String(9))),
        ("stations", sa.Column("links", sa.String(200), nullable=False, server_default="")),
        ("stations", sa.Column("maintained_until", sa.String(10))),
        ("recipients", sa.Column("household", sa.String(31))),
        ("recipients", sa.Column("cared_by", sa.String(40))),
    ]


def _places() -> None:
    op.create_table(
        "regions",
        sa.Column("code", sa.String(6), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("parent", sa.String(6)),
        *_life(),
    )
    op.create_table(
        "neighbours",
        sa.Column("code", sa.String(31), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("receives", sa.String(8), nullable=False),
        sa.Column("contact", sa.String(120), nullable=False),
        *_life(),
    )
    op.create_table(
        "households",
        sa.Column("code", sa.String(31), primary_key=True),
        sa.Column("village_code", sa.String(12), nullable=False, index=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("remote", sa.Boolean, nullable=False),
        sa.Column("lat", sa.Float),
        sa.Column("lon", sa.Float),
        *_life(),
    )
    op.create_table(
        "groups",
        sa.Column("code", sa.String(30), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("note", sa.String(120), nullable=False),
        *_life(),
    )
    op.create_table(
        "hazard_points",
        sa.Column("code", sa.String(12), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("group", sa.String(60), nullable=False),
        sa.Column("village_code", sa.String(12), nullable=False, index=True),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("position", sa.String(10), nullable=False),
        sa.Column("households", sa.Integer, nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        *_life(),
    )
    op.create_table(
        "thresholds",
        sa.Column("code", sa.String(60), primary_key=True),
        sa.Column("point", sa.String(12), nullable=False, index=True),
        sa.Column("window_min", sa.Integer, nullable=False),
        sa.Column("level", sa.String(8), nullable=False),
        sa.Column("mm", sa.Float, nullable=False),
        sa.Column("antecedent", sa.String(8), nullable=False),
        sa.Column("source", sa.String(120), nullable=False),
        *_life(),
    )


def _receivers() -> None:
    op.create_table(
        "departments",
        sa.Column("code", sa.String(31), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("contact", sa.String(120), nullable=False),
        *_life(),
    )
    op.create_table(
        "units",
        sa.Column("code", sa.String(9), primary_key=True),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("village_code", sa.String(12), nullable=False, index=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("sensitive", sa.Boolean, nullable=False),
        sa.Column("certificate", sa.String(40), nullable=False),
        sa.Column("groups", sa.String(200), nullable=False),
        sa.Column("lat", sa.Float),
        sa.Column("lon", sa.Float),
        *_life(),
    )
    op.create_table(
        "terminals",
        sa.Column("code", sa.String(40), primary_key=True),
        sa.Column("station", sa.String(12), nullable=False, index=True),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("link", sa.String(10), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        *_life(),
    )
    op.create_table(
        "rosters",
        sa.Column("code", sa.String(120), primary_key=True),
        sa.Column("place_kind", sa.String(12), nullable=False),
        sa.Column("place", sa.String(40), nullable=False, index=True),
        sa.Column("role", sa.String(30), nullable=False),
        sa.Column("order", sa.Integer, nullable=False),
        sa.Column("shift", sa.String(30), nullable=False),
        sa.Column("person", sa.String(40), nullable=False, index=True),
        sa.Column("block", sa.String(12), nullable=False),
        *_life(),
    )


def _acts() -> None:
    op.create_table(
        "due_blocks",
        sa.Column("block", sa.String(20), primary_key=True),
        sa.Column("since", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "history",
        sa.Column("kind", sa.String(20), primary_key=True),
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("row", sa.LargeBinary, nullable=False),
        sa.Column("changed_at", sa.BigInteger),
        sa.Column("changed_by", sa.String(40)),
        sa.Column("replaced_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "responses",
        sa.Column("department", sa.String(31), primary_key=True),
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("mode", sa.String(8), primary_key=True),
        sa.Column("act", sa.String(10), primary_key=True),
        sa.Column("note", sa.String(300), nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("import_id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("file", sa.String(120), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("complete", sa.Boolean, nullable=False),
        sa.Column("by", sa.String(40), nullable=False),
        sa.Column("begun_at", sa.BigInteger, nullable=False),
        sa.Column("touched_at", sa.BigInteger, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("done", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("faults", sa.Integer, nullable=False),
        sa.Column("added", sa.Integer, nullable=False),
        sa.Column("changed", sa.Integer, nullable=False),
        sa.Column("unchanged", sa.Integer, nullable=False),
        sa.Column("ended", sa.Integer, nullable=False),
        sa.Column("columns", sa.Text, nullable=False),
        sa.Column("decided_by", sa.String(40)),
        sa.Column("decided_at", sa.BigInteger),
    )
    op.create_table(
        "staged",
        sa.Column("import_id", sa.String(36), primary_key=True),
        sa.Column("key", sa.String(120), primary_key=True),
        sa.Column("line", sa.Integer, primary_key=True),
        sa.Column("row", sa.LargeBinary, nullable=False),
        sa.Column("twin", sa.String(64)),
    )
    op.create_table(
        "import_faults",
        sa.Column("import_id", sa.String(36), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("line", sa.Integer, nullable=False),
        sa.Column("field", sa.String(60), nullable=False),
        sa.Column("why", sa.String(300), nullable=False),
        sa.Column("mend", sa.String(200), nullable=False),
    )
    op.create_index("imports_by_time", "imports", ["begun_at"])


def downgrade() -> None:
    """Drop them."""
    for name in reversed(NEW):
        op.drop_table(name)
    op.drop_index("recipients_by_phone", "recipients")
    for name, column in reversed(_more()):
        op.drop_column(name, column.name)
    for name in OLD:
        for column in _life():
            op.drop_column(name, column.name)
