"""The routing rules in force: read again when their file changes, and kept when the new file is wrong."""

import asyncio
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from prometheus_client import Gauge

from services.kit.db import Database
from services.kit.errors import Fault, Invalid
from services.kit.telemetry import log
from services.router.model.rules import Rules, read
from services.router.store import rules as store

LOOK_S = 2.0
REFUSED = Gauge(
    "yutian_router_rules_refused", "1 while the file of routing rules is wrong and an older one rules"
)


def ours() -> str:
    """Return the rules that come with the program."""
    return (files("services.router") / "rules.yaml").read_text(encoding="utf-8")


class Rulebook:
    """The rules in force, and what is wrong with the file that should have replaced them."""

    def __init__(self, db: Database, file: str) -> None:
        self.db = db
        self.path = Path(file) if file else None
        self.rules = read(ours())
        self.faults: Sequence[Fault] = ()
        self._seen: str | None = None
        self._lock = asyncio.Lock()

    def note(self) -> str | None:
        """Return what is wrong with the file, None when its rules are in force."""
        if not self.faults:
            return None
        first = self.faults[0]
        return f"the file is wrong, version {self.rules.version} stays in force: {first.field} {first.why}"

    async def open(self) -> None:
        """Read the file; where it is wrong, take what was in force before the start."""
        async with self.db.read() as connection:
            last = await store.last(connection)
        if last is not None and self.path is not None:
            self.rules = read(last)
        await self.look()

    async def follow(self) -> None:
        """Look at the file again and again."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Put the file in force if it has changed and is right; if it is wrong, say so loudly, once."""
        async with self._lock:
            text = await asyncio.to_thread(self._text)
            if text == self._seen:
                return
            self._seen = text
            try:
                if text is None:
                    raise Invalid("the file", "cannot be read", "put it where YUTIAN_ROUTING_RULES says")
                await self._put_in_force(await asyncio.to_thread(read, text))
            except Invalid as wrong:
                await self._keep_the_old(wrong.faults)

    def _text(self) -> str | None:
        if self.path is None:
            return ours()
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    async def _put_in_force(self, rules: Rules) -> None:
        async with self.db.transaction() as tx:
            await store.keep(tx, rules.sha256, rules.version, rules.text)
            tx.record("rules.in-force", about=rules.sha256, version=rules.version, rules=len(rules.rules))
        self.rules, self.faults = rules, ()
        REFUSED.set(0)
        log.info("routing rules in force", version=rules.version, sha256=rules.sha256)

    async def _keep_the_old(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        REFUSED.set(1)
        named = [f"{fault.field}: {fault.why} ({fault.mend})" for fault in faults]
        log.error(
            "routing rules refused, the old ones stay in force", version=self.rules.version, faults=named
        )
        async with self.db.transaction() as tx:
            tx.record("rules.refused", about=self.rules.sha256, in_force=self.rules.version, faults=named)
