"""Nothing that is out is changed or deleted, by whoever writes to the tables; corrections lie ready."""

import sqlalchemy as sa
from alembic import op

revision = "0005_nothing_issued_changes"
down_revision = "0004_follow"
branch_labels = None
depends_on = None

FIXED = (
    "warning_id",
    "revision",
    "mode",
    "kind",
    "hazard",
    "level",
    "headline",
    "content",
    "content_sha256",
    "manifest",
    "manifest_sha256",
    "authors",
    "created_at",
    "submitted_at",
    "expires",
    "identifier",
    "notice",
    "cap_xml",
    "supersedes",
    "approved_at",
)
"""The columns of a revision that are as they were when it went out."""

OUT = (
    "EXISTS (SELECT 1 FROM warnings w WHERE w.warning_id = OLD.warning_id"
    " AND w.revision = OLD.revision AND w.identifier IS NOT NULL)"
)
GUARDS = {
    "warnings_keep": ("warnings", "UPDATE", "OLD.identifier IS NOT NULL AND ({changed})"),
    "warnings_stay": ("warnings", "DELETE", "OLD.identifier IS NOT NULL"),
    "approvals_keep": ("approvals", "UPDATE", OUT),
    "approvals_stay": ("approvals", "DELETE", OUT),
    "events_keep": ("events", "UPDATE", "TRUE"),
    "events_stay": ("events", "DELETE", "TRUE"),
}
"""A trigger by name: on which table, before what, and when it refuses."""

WHY = "what was issued is neither changed nor deleted"


def upgrade() -> None:
    """Set the guards, and make the table of prepared corrections."""
    op.create_table(
        "prepared",
        sa.Column("warning_id", sa.String(36), primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("content_sha256", sa.String(64), nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        _on_postgresql()
    else:
        _on_sqlite()


def _on_postgresql() -> None:
    for name, (table, act, when) in GUARDS.items():
        changed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in FIXED)
        refuse = f"IF {when.format(changed=changed)} THEN RAISE EXCEPTION '{WHY}'; END IF;"
        kept = "OLD" if act == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {refuse} RETURN {kept}; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def _on_sqlite() -> None:
    for name, (table, act, when) in GUARDS.items():
        changed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in FIXED)
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {act} ON {table} FOR EACH ROW "
            f"WHEN {when.format(changed=changed)} BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
        )


def downgrade() -> None:
    """Take the guards away."""
    for name, (table, _, _) in GUARDS.items():
        if op.get_bind().dialect.name == "postgresql":
            op.execute(f"DROP TRIGGER {name} ON {table}")
            op.execute(f"DROP FUNCTION {name}()")
        else:
            op.execute(f"DROP TRIGGER {name}")
    op.drop_table("prepared")
