"""Rules in force: read again when their file changes, and kept when the new file is wrong."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from prometheus_client import Gauge
from sqlalchemy import Table

from services.kit.db import Database
from services.kit.errors import Fault, Invalid, Retry
from services.kit.telemetry import log
from services.router.model import ladder, rules
from services.router.model.ladder import Ladders
from services.router.model.rules import Rules
from services.router.store import rules as store
from services.router.store.tables import LADDERS, RULES

LOOK_S = 2.0


class InForce(Protocol):
    """Rules of whatever kind, as a file has them."""

    @property
    def version(self) -> str:
        """What their file calls them."""
        ...

    @property
    def text(self) -> str:
        """Their file."""
        ...

    @property
    def sha256(self) -> str:
        """The name of exactly these rules."""
        ...


Kind = TypeVar("Kind", bound=InForce)


@dataclass(frozen=True)
class Subject(Generic[Kind]):
    """What rules are about: how they are read, kept, and spoken of."""

    name: str
    fact: str
    """The first word of the facts about them."""
    setting: str
    file: str
    """Of ours."""
    table: Table
    read: Callable[[str], Kind]
    """Refuses a new file that is not right."""
    kept: Callable[[str], Kind]
    """Reads a file that was in force once."""
    refused: Gauge

    def ours(self) -> str:
        """Return the rules that come with the program."""
        return (files("services.router") / self.file).read_text(encoding="utf-8")


ROUTING: Subject[Rules] = Subject(
    "routing rules",
    "rules",
    "YUTIAN_ROUTING_RULES",
    "rules.yaml",
    RULES,
    rules.read,
    rules.kept,
    Gauge("yutian_router_rules_refused", "1 while the file of routing rules is wrong and an older one rules"),
)
ESCALATION: Subject[Ladders] = Subject(
    "escalation rules",
    "escalation",
    "YUTIAN_ESCALATION_FILE",
    "escalation.yaml",
    LADDERS,
    ladder.read,
    ladder.read,
    Gauge(
        "yutian_router_escalation_refused",
        "1 while the file of escalation rules is wrong and an older one rules",
    ),
)


class Rulebook(Generic[Kind]):
    """The rules in force, and what is wrong with the file that should have replaced them."""

    def __init__(self, db: Database, file: str, subject: Subject[Kind]) -> None:
        self.db = db
        self.path = Path(file) if file else None
        self.subject = subject
        self.rules = subject.read(subject.ours())
        self.faults: Sequence[Fault] = ()
        self._seen: str | None = None
        self._looked = False
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
            last = await store.last(connection, self.subject.table)
        if last is not None and self.path is not None:
            self._restore(last)
        await self.look()

    def _restore(self, last: str) -> None:
        """Take what was in force before the start; what cannot be read any more gives way to ours, loudly."""
        try:
            self.rules = _read(self.subject.kept, last)
        except Invalid as wrong:
            log.error(f"kept {self.subject.name} cannot be read, ours are in force", why=wrong.why)

    async def follow(self) -> None:
        """Look at the file again and again."""
        while True:
            await asyncio.sleep(LOOK_S)
            with contextlib.suppress(Retry):
                await self.look()

    async def look(self) -> None:
        """Put the file in force if it has changed and is right; if it is wrong, say so loudly, once."""
        async with self._lock:
            text = await asyncio.to_thread(self._text)
            if self._looked and text == self._seen:
                return
            try:
                if text is None:
                    raise Invalid("the file", "cannot be read", f"put it where {self.subject.setting} says")
                await self._put_in_force(await asyncio.to_thread(_read, self.subject.read, text))
            except Invalid as wrong:
                await self._keep_the_old(wrong.faults)
            self._seen, self._looked = text, True

    def _text(self) -> str | None:
        if self.path is None:
            return self.subject.ours()
        try:
            return self.path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return None

    async def _put_in_force(self, rules: Kind) -> None:
        kind = f"{self.subject.fact}.in-force"
        async with self.db.transaction() as tx:
            await store.keep(tx, rules.sha256, rules.version, rules.text, self.subject.table)
            tx.record(kind, about=rules.sha256, version=rules.version)
        self.rules, self.faults = rules, ()
        self.subject.refused.set(0)
        log.info(f"{self.subject.name} in force", version=rules.version, sha256=rules.sha256)

    async def _keep_the_old(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        self.subject.refused.set(1)
        named = [f"{fault.field}: {fault.why} ({fault.mend})" for fault in faults]
        log.error(
            f"{self.subject.name} refused, the old ones stay in force",
            version=self.rules.version,
            faults=named,
        )
        kind = f"{self.subject.fact}.refused"
        async with self.db.transaction() as tx:
            tx.record(kind, about=self.rules.sha256, in_force=self.rules.version, faults=named)


def _read(read: Callable[[str], Kind], text: str) -> Kind:
    """Return the rules of a file; whatever a reader trips over, the file is refused, no more."""
    try:
        return read(text)
    except Invalid:
        raise
    except Exception as error:
        why = f"cannot be read: {str(error) or type(error).__name__}"
        raise Invalid("the file", why, "mend it, or put the last good one back") from error
