"""Reconcile: what was issued, manifests, deliveries, reports, stream and ledger are compared.

Every difference is named. Here is one warning, and what the ledger says of itself; `stretches` goes through
everything, `lately` looks at what is new.
"""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import compare
from services.audit.actions.sign import Signer
from services.audit.heads import Place as Outside
from services.audit.issuer import Issuer
from services.audit.model import counted
from services.audit.model.differences import Difference, Patience, differences
from services.audit.store import books, keeping, ledger, looks, posting_check, questions, tree
from services.audit.store.ledger import Place
from services.audit.store.tree import Broken
from services.audit.stream import LedgerStream, Life
from services.kit.db import Database
from services.kit.errors import NotFound

LOOK_S = 0.1
"""Another replica may be recording: how far it is can only be looked at."""


@dataclass(frozen=True)
class Sources:
    """What is compared with what."""

    db: Database
    stream: LedgerStream
    grace: timedelta
    issuer: Issuer | None = None
    """Without one, as over a ledger that stands alone, nothing is said of what was issued."""
    signer: Signer | None = None
    """By whom heads are signed; without one neither heads nor what the watch found are looked at."""
    places: Sequence[Outside] = ()
    """Where heads are kept outside."""


@dataclass(frozen=True)
class Reconciled:
    """What was compared, up to where, and what did not add up."""

    checked_at: datetime
    position: int
    epoch: int
    sequence: int
    stream_last: int
    behind: int
    """What the stream has and the ledger does not yet: in flight, no difference by itself."""
    warnings: int
    deliveries: int
    differences: Sequence[Difference]

    @property
    def adds_up(self) -> bool:
        """True when nothing differs."""
        return not self.differences


def reconciled(
    at: datetime,
    place: Place,
    life: Life,
    found: Sequence[Difference],
    warnings: int = 0,
    deliveries: int = 0,
) -> Reconciled:
    """Return what a comparison came to at a moment, with how far ledger and stream were."""
    return Reconciled(
        checked_at=at,
        position=place.size,
        epoch=place.epoch,
        sequence=place.sequence,
        stream_last=life.last,
        behind=behind(place, life),
        warnings=warnings,
        deliveries=deliveries,
        differences=found,
    )


async def of_warning(of: Sources, warning_id: str, *, recipients: bool = False) -> Reconciled:
    """Compare one warning, and the ledger with itself; raise NotFound when nobody has ever heard of it.

    With `recipients`, every batch's list of hashes is compared with its record too.
    """
    now = of.db.clock.now()
    issued, silent = await compare.ask(of.issuer, warning_id) if of.issuer else ((), [])
    life = await of.stream.life()
    async with questions.snapshot(of.db) as connection:
        place = await ledger.place(connection)
        patience = Patience(await as_of(connection, place, life, now), of.grace)
        ids = await questions.known_warning(connection, warning_id)
        if not ids and not issued:
            raise NotFound("the ledger knows no such warning")
        found = [*silent, *await of_ledger(connection, place)]
        found += await posting_check.set_aside(connection, only=warning_id)
        found += await compare.unheard(connection, issued, patience)
        if recipients:
            found += await posting_check.postings_differ(connection, warning_id)
        more, deliveries = await of_books(connection, ids, patience)
    found += [*more, *await of_stream(of.stream, place, life, Patience(now, of.grace))]
    return reconciled(now, place, life, found, len(ids), deliveries)


async def of_books(
    connection: AsyncConnection, ids: Sequence[str], patience: Patience
) -> tuple[list[Difference], int]:
    """Compare the books of some warnings; return what differs, and how many deliveries they have."""
    known = await books.whole(connection, ids)
    counts = await keeping.target_counts(connection, ids)
    found = await asyncio.to_thread(differences, known, patience, counted.asked(counts))
    return found, len(known.deliveries)


async def caught_up(db: Database, stream: LedgerStream, wait_s: float) -> None:
    """Wait until the ledger has what the stream has now, so many seconds at most."""
    if wait_s <= 0:
        return
    life = await stream.life()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wait_s):
            while True:
                async with db.read() as connection:
                    if not behind(await ledger.place(connection), life):
                        return
                await asyncio.sleep(LOOK_S)


async def as_of(connection: AsyncConnection, place: Place, life: Life, now: datetime) -> datetime:
    """Return up to which moment the ledger has heard everything: nobody is missed who is in flight."""
    if not behind(place, life):
        return now
    read_to = await looks.recorded_at(connection, place.size) if place.size else None
    return min(now, read_to) if read_to else datetime.fromtimestamp(0, UTC)


def behind(place: Place, life: Life) -> int:
    """Return how much the stream has that the ledger has not."""
    same = place.stream_created_at == life.created_at
    return max(0, life.last - place.sequence) if same else life.last


async def of_stream(stream: LedgerStream, place: Place, life: Life, patience: Patience) -> list[Difference]:
    """Return what waits in the stream for longer than it should."""
    if not behind(place, life):
        return []
    same = place.stream_created_at == life.created_at
    waiting, _ = await stream.stretch(place.sequence + 1 if same else life.first, life.last, most=1)
    if not waiting or not patience.over(waiting[0].at):
        return []
    why = "the stream has messages that the ledger has not taken"
    expected, found = life.last, place.sequence if same else 0
    return [Difference("ledger-behind", why, expected=expected, found=found, since=waiting[0].at)]


async def of_ledger(connection: AsyncConnection, place: Place) -> list[Difference]:
    """Return what the ledger says of itself that costs the same however long it is."""
    return [*await of_epochs(connection), *await of_gaps(connection), *await of_head(connection, place)]


async def of_epochs(connection: AsyncConnection) -> list[Difference]:
    """Return the epochs whose records, repeats and gaps are not what was read."""
    found = []
    for epoch in await ledger.epochs(connection):
        missing = await ledger.missing(connection, epoch["epoch"])
        read, seen = epoch["sequence"] - epoch["begin"], epoch["records"] + epoch["skipped"] + missing
        if seen != read:
            why = f"epoch {epoch['epoch']}: records, repeats and gaps do not add up to what was read"
            about = f"epoch {epoch['epoch']}"
            found.append(Difference("ledger-count", why, about=about, expected=read, found=seen))
    return found


async def of_gaps(connection: AsyncConnection) -> list[Difference]:
    """Return what the stream had lost before it was recorded."""
    found = []
    for gap in await ledger.gaps(connection):
        why = f"epoch {gap['epoch']}: the stream had lost these sequences before they were recorded"
        lost = f"{gap['first']}-{gap['last']}"
        about = f"epoch {gap['epoch']}: {lost}"
        found.append(Difference("ledger-gap", why, about=about, found=lost, since=gap["found_at"]))
    return found


async def of_head(connection: AsyncConnection, place: Place) -> list[Difference]:
    """Return whether the newest head that was signed still is over these records."""
    head = await tree.newest_head(connection)
    if head is None:
        return []
    try:
        if head["size"] > place.size:
            raise Broken(f"a head over {head['size']} records was signed, and there are {place.size}")
        if await tree.root(connection, (0, head["size"])) != head["root"]:
            raise Broken(f"the first {head['size']} records are not those over which a head was signed")
    except Broken as broken:
        return [Difference("ledger-broken", broken.why, expected=head["size"], found=place.size)]
    return []
