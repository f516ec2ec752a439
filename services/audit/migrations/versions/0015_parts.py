"""Who had part in an approval is found without what else was done; what is said of a gateway is counted."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

_PARTS = (
    "'drafted', 'edited', 'split', 'update-begun', 'lift-begun', 'correction-begun', "
    "'returned', 'submitted', 'approved', 'note-sent', 'halt-reviewed', 'emergency-reviewed'"
)
_THINGS = (
    "'gateway.starved', 'gateway.fed', 'gateway.away', 'gateway.maintenance', "
    "'gateway.maintenance-withdrawn', 'gateway.conformance', 'sms.dead', 'sms.key-away', "
    "'sms.reported-late', 'sms.keywords', "
    "'key.issued', 'key.revoked', 'station-code.made', 'station-code.used', 'station-code.withdrawn', "
    "'proposal.made', 'proposal.confirmed', 'proposal.declined'"
)
_TELLING = ["about", "event_at", "position"]


def upgrade() -> None:
    """Make the indexes anew."""
    op.drop_index("acts_by_person", "acts")
    op.drop_index("acts_by_warning", "acts")
    op.drop_index("records_of_things", "records")
    part = sa.text(f"act IN ({_PARTS})")
    told = sa.text(f"(kind || '') IN ({_THINGS})")
    for name, first, second in (
        ("acts_of_story", "warning_id", "position"),
        ("acts_of_person", "person", "warning_id"),
    ):
        op.create_index(name, "acts", [first, second], sqlite_where=part, postgresql_where=part)
    _of_things([*_TELLING, "kind", "mode"], told)


def downgrade() -> None:
    """Make them as they were."""
    op.drop_index("acts_of_person", "acts")
    op.drop_index("acts_of_story", "acts")
    op.drop_index("records_of_things", "records")
    op.create_index("acts_by_warning", "acts", ["warning_id", "position"])
    op.create_index("acts_by_person", "acts", ["person", "warning_id"])
    _of_things(_TELLING, sa.text(f"(kind || '') IN ({_THINGS})"))


def _of_things(columns: list[str], where: sa.TextClause) -> None:
    op.create_index("records_of_things", "records", columns, sqlite_where=where, postgresql_where=where)
