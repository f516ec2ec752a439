"""Search: full text of reasons, newest first. The index gives candidates; the record's own text decides."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model import reasons
from services.audit.model.words import Span, Term, Wanted, marks, merged, terms
from services.audit.store import ledger, questions, words
from services.audit.store.questions import Record
from services.kit.db import Database
from services.kit.masking import masked

SEGMENTS_AT_ONCE = 8
LOOK_AT_ONCE = 100

MOST_LOOKS = 2_000
"""After so many candidates the answer says how far back it has looked; whoever wants more asks on."""


@dataclass(frozen=True)
class Asking:
    """What is looked for, and by what it is narrowed."""

    q: str
    kind: str | None = None
    warning_id: str | None = None
    who: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def wanted(self, looked_for: Sequence[Term]) -> set[Wanted]:
        """Return every token that a hit must have."""
        found = {token for term in looked_for for token in term.tokens}
        narrowed = ((words.KIND, self.kind), (words.WARNING, self.warning_id), (words.WHO, self.who))
        return found | {Wanted(head + value.encode(errors="replace")) for head, value in narrowed if value}


@dataclass(frozen=True)
class Found:
    """A text in which something stands, and where."""

    field: str
    text: str
    spans: Sequence[Span]


@dataclass(frozen=True)
class Hit:
    """A record in whose texts everything was found that was looked for."""

    record: Record
    texts: Sequence[Found]


@dataclass(frozen=True)
class Answer:
    """Hits, newest first."""

    hits: Sequence[Hit]
    names: Mapping[str, str]
    next: int | None
    """Before which position to go on; None when everything was looked at."""
    behind: int
    """Records whose words are not in the index yet."""


async def search(db: Database, asking: Asking, before: int | None = None, limit: int = 20) -> Answer:
    """Return the newest hits before a position; raise Invalid when nothing can be looked for."""
    looked_for = terms(masked(asking.q))
    wanted = asking.wanted(looked_for)
    async with questions.snapshot(db) as connection:
        indexed, size = (await words.cursor(connection)).position, await ledger.size(connection)
        look = _Look(connection, asking, looked_for, limit)
        begin = indexed + 1 if before is None else before
        chosen = await words.segments(connection, begin, asking.since, asking.until)
        for start in range(0, len(chosen), SEGMENTS_AT_ONCE):
            group = chosen[start : start + SEGMENTS_AT_ONCE]
            positions = await words.candidates(connection, group, wanted)
            await look.at([position for position in positions if position < begin])
            if look.over:
                break
        about = {str(hit.record["about"]) for hit in look.hits if hit.record["about"]}
        names = await questions.names(connection, about)
    return Answer(look.hits, names, look.last if look.over else None, max(0, size - indexed))


class _Look:
    """Looks at candidates until there are hits enough, or it has looked at very many."""

    def __init__(
        self, connection: AsyncConnection, asking: Asking, looked_for: Sequence[Term], limit: int
    ) -> None:
        self.connection = connection
        self.asking = asking
        self.terms = looked_for
        self.limit = limit
        self.hits: list[Hit] = []
        self.looks = 0
        self.last: int | None = None
        self.over = False

    async def at(self, positions: Sequence[int]) -> None:
        """Look at positions in their order."""
        for start in range(0, len(positions), LOOK_AT_ONCE):
            some = positions[start : start + LOOK_AT_ONCE]
            period = (self.asking.since, self.asking.until)
            records = await words.read(self.connection, some, *period)
            await asyncio.to_thread(self._take, some, records)
            if self.over:
                return

    def _take(self, positions: Sequence[int], records: Mapping[int, Mapping[str, Any]]) -> None:
        for position in positions:
            if len(self.hits) == self.limit or self.looks == MOST_LOOKS:
                self.over = True
                return
            self.last = position
            self.looks += 1
            hit = hit_of(records[position], self.terms) if position in records else None
            if hit is not None:
                self.hits.append(hit)


def hit_of(record: Record, looked_for: Sequence[Term]) -> Hit | None:
    """Return the record with its marks when every term stands in one of its texts."""
    found, seen = [], set[int]()
    payload = ledger.unpacked(record["payload"]) if record["payload"] else b""
    for text in reasons.texts(record["kind"], payload):
        spans = marks(text.text, looked_for)
        seen.update(n for n, some in enumerate(spans) if some)
        together = merged(span for some in spans for span in some)
        if together:
            found.append(Found(text.field, text.text, together))
    return Hit(record, found) if len(seen) == len(looked_for) else None
