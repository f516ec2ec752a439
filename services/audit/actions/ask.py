"""Ask: the account of a warning, its timeline, one record with its proof."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.values import Channel
from services.audit.actions import sign
from services.audit.actions.sign import Signed, Signer
from services.audit.model.account import ChannelAccount, Reach, lines_of, reach, state_of, total
from services.audit.model.books import Books
from services.audit.model.chain import GENESIS
from services.audit.model.counted import CountKey, TargetCount
from services.audit.model.deliveries import Target
from services.audit.model.differences import ending_of
from services.audit.model.rows import Ending, Plan, Revision, RevisionKey
from services.audit.store import books, keeping, ledger, questions, tree
from services.audit.store.questions import Record, Sums
from services.kit.db import Database
from services.kit.errors import NotFound

STATION = Channel.STATION.value


@dataclass(frozen=True)
class RevisionAccount:
    """What became of everyone whom one revision was meant for."""

    revision: Revision
    plan: Plan | None
    ending: Ending | None
    state: str
    lines: Sequence[ChannelAccount]
    total: ChannelAccount
    stations: Reach
    targets: Sequence[Target]
    """The stations, each with how far it came."""

    @property
    def adds_up(self) -> bool:
        """True when every channel adds up to the manifest, and the manifest is the one approved."""
        if self.plan is None or self.plan.manifest_sha256 != self.revision.manifest_sha256:
            return False
        return all(line.adds_up for line in self.lines)


@dataclass(frozen=True)
class WarningAccount:
    """The account of a warning, newest revision first."""

    warning_id: str
    revisions: Sequence[RevisionAccount]
    names: Mapping[str, str]

    @property
    def newest(self) -> RevisionAccount:
        """The newest revision."""
        return self.revisions[0]

    @property
    def adds_up(self) -> bool:
        """True when every revision does."""
        return all(revision.adds_up for revision in self.revisions)


async def warnings(
    db: Database, before: tuple[datetime, str] | None, mode: str | None, limit: int
) -> list[tuple[datetime, WarningAccount]]:
    """Return warnings with their accounts, newest first; stations are not listed."""
    async with questions.snapshot(db) as connection:
        found = await questions.newest_warnings(connection, before, mode, limit)
        ids = [warning_id for _, warning_id in found]
        known = await books.headings(connection, ids)
        sums = await questions.sums(connection, ids)
    return [(at, _account(i, known, sums, {}, db.clock.now(), {})) for at, i in found]


async def warning(db: Database, warning_id: str) -> WarningAccount:
    """Return the account of one warning; raise NotFound when the ledger has never heard of it."""
    async with questions.snapshot(db) as connection:
        known = await books.headings(connection, [warning_id])
        if not known.revisions:
            raise NotFound("the ledger knows no such warning")
        sums = await questions.sums(connection, [warning_id])
        told = await books.rows(connection, questions.targets_of(warning_id, STATION), Target)
        counts = {c.key: c for c in await keeping.target_counts(connection, [warning_id])}
        names = await questions.names(connection, {target.target for target in told})
    grouped: dict[RevisionKey, list[Target]] = {}
    for target in sorted(told, key=lambda t: t.key):
        grouped.setdefault((target.warning_id, target.revision), []).append(target)
    found = _account(warning_id, known, sums, grouped, db.clock.now(), names)
    return replace(found, revisions=[_with_counts(one, counts) for one in found.revisions])


def _with_counts(account: RevisionAccount, counts: Mapping[CountKey, TargetCount]) -> RevisionAccount:
    """Return an account whose stations are counted where they are no longer listed."""
    count = counts.get((*account.revision.key, STATION))
    return account if account.targets or count is None else replace(account, stations=count.reach)


def _account(
    warning_id: str,
    known: Books,
    sums: Sums,
    targets: Mapping[RevisionKey, Sequence[Target]],
    now: datetime,
    names: Mapping[str, str],
) -> WarningAccount:
    mine = sorted(
        (r for r in known.revisions.values() if r.warning_id == warning_id), key=lambda r: -r.revision
    )
    accounts = []
    for revision in mine:
        plan, ending = known.plans.get(revision.key), ending_of(known, revision.key)
        lines = lines_of(plan, sums.get(revision.key, {}))
        told = targets.get(revision.key, [])
        state = state_of(revision, ending, now)
        spread = reach((t for t in told if t.planned), revision.approved_at)
        accounts.append(RevisionAccount(revision, plan, ending, state, lines, total(lines), spread, told))
    return WarningAccount(warning_id, accounts, names)


@dataclass(frozen=True)
class Page:
    """Some records, the names of what they are about, and whether there are more."""

    records: Sequence[Record]
    names: Mapping[str, str]
    more: bool


async def records(db: Database, after: int, limit: int, **where: str | int | None) -> Page:
    """Return records in order, beyond a position, of one kind, warning or thing when it is named."""
    async with db.read() as connection:
        found = await questions.records(connection, after, limit + 1, **where)
        shown = found[:limit]
        names = await questions.names(connection, _things(shown))
    return Page(shown, names, len(found) > limit)


def _things(records: Collection[Record]) -> set[str]:
    return {str(record["about"]) for record in records if record["about"]}


@dataclass(frozen=True)
class Proof:
    """A record with everything that proves it: the chain before it, the path to a signed head."""

    record: Record
    payload: bytes
    chain_before: bytes
    name: str | None
    path: Sequence[bytes]
    head: Signed


async def proof(db: Database, signer: Signer, position: int) -> Proof:
    """Return one record with its proof; raise NotFound when there is none at this position."""
    async with db.read() as connection:
        found = await questions.record(connection, position)
        covered = await tree.head_at_least(connection, position)
    if found is None:
        raise NotFound("the ledger has no record at this position")
    head = Signed(**covered) if covered else await sign.head(db, signer)
    async with db.read() as connection:
        before = await questions.record(connection, position - 1)
        path = await tree.inclusion(connection, position, head.size)
        name = await _name(connection, found)
    chain_before = bytes(before["chain"]) if before else GENESIS
    return Proof(found, ledger.unpacked(found["payload"]), chain_before, name, path, head)


async def _name(connection: AsyncConnection, record: Record) -> str | None:
    return (
        (await questions.names(connection, [record["about"]])).get(record["about"])
        if record["about"]
        else None
    )


async def growth(db: Database, since: int, size: int) -> list[bytes]:
    """Return the proof that the ledger of one size grew out of that of another."""
    async with db.read() as connection:
        return await tree.consistency(connection, since, size)
