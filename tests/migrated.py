"""Migrated databases, quickly: a tree of migrations runs once for each kind, and is repeated from then on."""

import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import Engine, make_url

from services.kit.migrate import upgrade_async

_scripts: dict[str, str] = {}
"""Package of migrations -> what its migrations told PostgreSQL."""


async def migrate(url: str, package: str) -> None:
    """Bring a database up to date, as `yutian migrate` would; an empty one by what was said to another."""
    if url.startswith("sqlite"):
        await _copy(Path(str(make_url(url).database)), package)
        return
    connection = await asyncpg.connect(url)
    empty = await connection.fetchval("SELECT to_regclass('alembic_version') IS NULL")
    if empty and package in _scripts:
        await connection.execute(_scripts[package])
    await connection.close()
    if empty and package not in _scripts:
        _scripts[package] = await _heard(url, package)


async def _copy(path: Path, package: str) -> None:
    made = Path(_folder().name) / f"{package}.db"
    if not made.exists():
        await upgrade_async(f"sqlite:///{made}", package)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made, path)


@cache
def _folder() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="yutian-migrated-")


async def _heard(url: str, package: str) -> str:
    """Run the migrations and return what they told the database."""
    said: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if not statement.lstrip().upper().startswith(("SELECT", "SHOW")):
            assert not parameters, "a migration with parameters cannot be repeated from its text"
            said.append(statement)

    event.listen(Engine, "before_cursor_execute", hear)
    try:
        await upgrade_async(url, package)
    finally:
        event.remove(Engine, "before_cursor_execute", hear)
    return ";\n".join(said)
