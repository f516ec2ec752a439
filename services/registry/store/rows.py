"""The tables of what the registry holds: one for each kind of row."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from services.kit.db import Moment

metadata = MetaData()


def _kind(name: str, *columns: Any) -> Table:
    """Return the table of a kind: its columns, its days, and who changed or checked it last."""
    return Table(
        name,
        metadata,
        *columns,
        Column("valid_from", String(10)),
        Column("valid_to", String(10)),
        Column("version", Integer, nullable=False, server_default="1"),
        Column("changed_at", Moment),
        Column("changed_by", String(40)),
        Column("checked_at", Moment),
    )


REGIONS = _kind(
    "regions",
    Column("code", String(6), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("level", String(8), nullable=False),
    Column("parent", String(6)),
)
NEIGHBOURS = _kind(
    "neighbours",
    Column("code", String(31), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("receives", String(8), nullable=False),
    Column("contact", String(120), nullable=False),
)
TOWNS = _kind(
    "towns",
    Column("code", String(9), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("name_en", String(60), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("population", Integer, nullable=False),
    Column("cell", Text, nullable=False),
    Column("cell_quality", String(12), nullable=False),
    Column("successor", String(9)),
)
VILLAGES = _kind(
    "villages",
    Column("code", String(12), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("official_name", String(80), nullable=False),
    Column("town_code", String(9), nullable=False, index=True),
    Column("kind", String(10), nullable=False),
    Column("lon", Float, nullable=False),
    Column("lat", Float, nullable=False),
    Column("position", String(10), nullable=False),
    Column("cell", Text, nullable=False),
    Column("cell_quality", String(12), nullable=False),
    Column("successor", String(12)),
)
HOUSEHOLDS = _kind(
    "households",
    Column("code", String(31), primary_key=True),
    Column("village_code", String(12), nullable=False, index=True),
    Column("name", String(60), nullable=False),
    Column("remote", Boolean, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
)
GROUPS = _kind(
    "groups",
    Column("code", String(30), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("note", String(120), nullable=False),
)
DEPARTMENTS = _kind(
    "departments",
    Column("code", String(31), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("contact", String(120), nullable=False),
)
UNITS = _kind(
    "units",
    Column("code", String(9), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("village_code", String(12), nullable=False, index=True),
    Column("kind", String(12), nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("certificate", String(40), nullable=False),
    Column("groups", String(200), nullable=False),
    Column("lat", Float),
    Column("lon", Float),
)
STATIONS = _kind(
    "stations",
    Column("code", String(12), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("village_code", String(12), nullable=False, index=True),
    Column("station_class", String(10), nullable=False),
    Column("duty_name", String(60)),
    Column("presence", String(8), nullable=False),
    Column("presence_at", Moment),
    Column("unit", String(9)),
    Column("department", String(31)),
    Column("town", String(9)),
    Column("links", String(200), nullable=False, server_default=""),
    Column("maintained_until", String(10)),
)
TERMINALS = _kind(
    "terminals",
    Column("code", String(40), primary_key=True),
    Column("station", String(12), nullable=False, index=True),
    Column("kind", String(12), nullable=False),
    Column("link", String(10), nullable=False),
    Column("state", String(12), nullable=False),
    Column("model", String(120), nullable=False),
)
HAZARD_POINTS = _kind(
    "hazard_points",
    Column("code", String(12), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("group", String(60), nullable=False),
    Column("village_code", String(12), nullable=False, index=True),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("position", String(10), nullable=False),
    Column("households", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("shelter", String(120), nullable=False, server_default=""),
    Column("route", String(120), nullable=False, server_default=""),
)
THRESHOLDS = _kind(
    "thresholds",
    Column("code", String(60), primary_key=True),
    Column("point", String(12), nullable=False, index=True),
    Column("window_min", Integer, nullable=False),
    Column("level", String(8), nullable=False),
    Column("mm", Float, nullable=False),
    Column("antecedent", String(8), nullable=False),
    Column("source", String(120), nullable=False),
)
RECIPIENTS = _kind(
    "recipients",
    Column("recipient_id", String(40), primary_key=True),
    Column("village_code", String(12), nullable=False),
    Column("name", String(60), nullable=False),
    Column("role", String(30), nullable=False),
    Column("groups", String(200), nullable=False),
    Column("phone_sealed", LargeBinary),
    Column("phone_hash", String(16)),
    Column("operator", String(4)),
    Column("openid", String(64)),
    Column("station", String(12)),
    Column("household", String(31)),
    Column("cared_by", String(40)),
    *(Column(name, String(210), nullable=False, server_default="") for name in ("towns", "hazards")),
    Column("lowest", String(8), nullable=False, server_default=""),
    Column("quiet", String(11), nullable=False, server_default=""),
)
Index("recipients_by_village", RECIPIENTS.c.village_code, RECIPIENTS.c.recipient_id)
Index("recipients_by_phone", RECIPIENTS.c.phone_hash)
ROSTERS = _kind(
    "rosters",
    Column("code", String(120), primary_key=True),
    Column("place_kind", String(12), nullable=False),
    Column("place", String(40), nullable=False, index=True),
    Column("role", String(30), nullable=False),
    Column("order", Integer, nullable=False),
    Column("shift", String(30), nullable=False),
    Column("person", String(40), nullable=False, index=True),
    Column("block", String(12), nullable=False),
)
GATEWAYS = _kind(
    "gateways",
    Column("gateway_id", String(31), primary_key=True),
    Column("name", String(60), nullable=False),
    Column("operator", String(4), nullable=False),
    Column("area_orders", Boolean, nullable=False),
)
ACCOUNTS = _kind(
    "accounts",
    Column("account_id", String(31), primary_key=True),
    Column("channel", String(10), nullable=False),
    Column("name", String(60), nullable=False),
)

BY_KIND: Mapping[str, Table] = {
    "regions": REGIONS,
    "neighbours": NEIGHBOURS,
    "towns": TOWNS,
    "villages": VILLAGES,
    "households": HOUSEHOLDS,
    "groups": GROUPS,
    "departments": DEPARTMENTS,
    "units": UNITS,
    "stations": STATIONS,
    "terminals": TERMINALS,
    "hazard-points": HAZARD_POINTS,
    "thresholds": THRESHOLDS,
    "recipients": RECIPIENTS,
    "rosters": ROSTERS,
    "gateways": GATEWAYS,
    "accounts": ACCOUNTS,
}

KEPT_BY_US = frozenset(
    {"version", "changed_at", "changed_by", "checked_at", "cell", "cell_quality", "block"}
    | {"presence", "presence_at", "phone_sealed", "phone_hash"}
)
"""Columns that no file brings as they are."""
