"""The tables of what composing starts from, such as saved phrases and risk proposals; of towns' notes."""

from sqlalchemy import Boolean, Column, Index, Integer, String, Table, Text

from services.issuer.store.tables import metadata
from services.kit.db import Moment

SAVED = Table(
    "saved",
    metadata,
    Column("saved_id", String(36), primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("name", String(60), nullable=False),
    Column("owner", String(40), nullable=False),
    Column("shared", Boolean, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Moment, nullable=False),
)
Index("saved_by_owner", SAVED.c.owner, SAVED.c.kind)

FOREIGN = Table(
    "foreign_warnings",
    metadata,
    Column("identifier", String(80), primary_key=True),
    Column("sender", String(120), nullable=False),
    Column("sender_name", String(120), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("hazard", String(5), nullable=False),
    Column("level", String(8), nullable=False),
    Column("headline", String(200), nullable=False),
    Column("towns", Text, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("imported_by", String(40), nullable=False),
    Column("imported_at", Moment, nullable=False),
)
Index("foreign_in_force", FOREIGN.c.hazard, FOREIGN.c.expires)

RISK_PROPOSALS = Table(
    "risk_proposals",
    metadata,
    Column("proposal_id", String(36), primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("state", String(12), nullable=False),
    Column("by", String(40)),
    Column("decided_at", Moment),
    Column("reason", Text),
    Column("warning_id", String(36)),
)
Index("risk_proposals_by_state", RISK_PROPOSALS.c.state, RISK_PROPOSALS.c.expires)

DEPARTMENTS = Table(
    "account_departments",
    metadata,
    Column("username", String(40), primary_key=True),
    Column("department", String(40), nullable=False),
)
"""Accounts of departments that issue joint products with us."""

NOTES = Table(
    "notes",
    metadata,
    Column("note_id", String(36), primary_key=True),
    Column("of_warning", String(36), nullable=False),
    Column("of_revision", Integer, nullable=False),
    Column("town", String(9), nullable=False),
    Column("town_name", String(60), nullable=False),
    Column("words", Text, nullable=False),
    Column("by", String(40), nullable=False),
    Column("by_name", String(40), nullable=False),
    Column("at", Moment, nullable=False),
)
"""What towns added to warnings in force; each is a row of `warnings` too, whose id is the note's."""
Index("notes_of_warning", NOTES.c.of_warning, NOTES.c.town)
Index("notes_of_town", NOTES.c.town, NOTES.c.at)
