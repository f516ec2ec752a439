"""Starts the next migration of a house: `python -m deploy.local.migration issuer "a reason for returns"`.

A house inside another is named by its path, such as `channels/pull/stations`.
"""

import re
import sys
from pathlib import Path

SERVICES = Path(__file__).parents[2] / "services"

NEW = '''"""{sentence}."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{last}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply; the same on SQLite and PostgreSQL."""
    raise NotImplementedError


def downgrade() -> None:
    """Take back."""
    raise NotImplementedError
'''
"""The body is left to be said: a migration that says nothing must not run."""


def begin(services: Path, house: str, words: str) -> Path:
    """Write the next numbered migration of a house and return where it is; raise ValueError if it cannot."""
    versions = services / house / "migrations" / "versions"
    numbers = sorted(int(p.name[:4]) for p in versions.glob("[0-9][0-9][0-9][0-9]_*.py"))
    slug = "_".join(re.findall(r"[a-z0-9]+", words.lower()))
    if not numbers:
        raise ValueError(f"there are no migrations in {versions}")
    if not slug:
        raise ValueError("say in a few English words what the migration does")
    last, revision = f"{numbers[-1]:04}", f"{numbers[-1] + 1:04}"
    path = versions / f"{revision}_{slug}.py"
    sentence = words.strip().removesuffix(".").capitalize()
    path.write_text(NEW.format(sentence=sentence, revision=revision, last=last))
    return path


def main(arguments: list[str], services: Path = SERVICES) -> int:
    """Write the migration that the arguments name; return 0, or 2 when they name none."""
    if len(arguments) != 2:
        print('migration: make migration SERVICE=issuer NAME="a reason for returns"', file=sys.stderr)
        return 2
    try:
        print(begin(services, *arguments).relative_to(services.parent))
    except ValueError as error:
        print(f"migration: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
