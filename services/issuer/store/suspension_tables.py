"""The tables of suspensions: proposals, pre-authorisations, and what lies ready to follow a warning."""

from sqlalchemy import Column, Index, Integer, String, Table, Text

from services.issuer.store.tables import metadata
from services.kit.db import Moment

SUSPENSION_PROPOSALS = Table(
    "suspension_proposals",
    metadata,
    Column("proposal_id", String(36), primary_key=True),
    Column("asks", String(8), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("department", String(40), nullable=False),
    Column("lead_id", String(36), nullable=False),
    Column("lead_revision", Integer, nullable=False),
    Column("terms", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("state", String(12), nullable=False),
    Column("suspension_id", String(36)),
    Column("grant_id", String(36)),
    Column("by", String(40)),
    Column("name", String(40)),
    Column("decided_at", Moment),
    Column("reason", Text, nullable=False),
)
Index("suspension_proposals_by_state", SUSPENSION_PROPOSALS.c.state, SUSPENSION_PROPOSALS.c.at)
Index("suspension_proposals_of_a_lead", SUSPENSION_PROPOSALS.c.lead_id)
Index("suspension_proposals_of_an_order", SUSPENSION_PROPOSALS.c.suspension_id)

SUSPENSION_GRANTS = Table(
    "suspension_grants",
    metadata,
    Column("grant_id", String(36), primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("department", String(40), nullable=False),
    Column("rule", String(40), nullable=False),
    Column("hazard", String(5), nullable=False),
    Column("levels", Text, nullable=False),
    Column("sector", String(40), nullable=False),
    Column("towns", Text, nullable=False),
    Column("until", Moment, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", String(40), nullable=False),
    Column("name", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    Column("revoked_at", Moment),
    Column("revoked_by", String(40)),
    Column("revoked_why", Text, nullable=False),
)
Index("suspension_grants_by_age", SUSPENSION_GRANTS.c.at)

SUSPENSIONS_READY = Table(
    "suspensions_ready",
    metadata,
    Column("lead_id", String(36), primary_key=True),
    Column("lead_revision", Integer, primary_key=True),
    Column("warning_id", String(36), primary_key=True),
    Column("content", Text, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("author", String(40), nullable=False),
    Column("at", Moment, nullable=False),
)
