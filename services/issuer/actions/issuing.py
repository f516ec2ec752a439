"""Issuing: what is composed and signed before the transaction, and said within it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts import cap
from contracts.values import Lane
from contracts.warning import (
    Notice,
    Predecessor,
    WarningCancelled,
    WarningIssued,
    WarningPublished,
    WarningUpdated,
)
from services.issuer import store
from services.issuer.actions import attached, mixing, reviewing
from services.issuer.actions.alongside import answered
from services.issuer.actions.correcting import keep_ready
from services.issuer.actions.covering import covers
from services.issuer.actions.granted import Follower, followers, incidents_of, still, told
from services.issuer.actions.press import Press, free_identifier
from services.issuer.actions.suspending import settle
from services.issuer.actions.telling import tell, tell_key
from services.issuer.model import STANDING, Kind, Person, Published, State, WeatherWarning
from services.kit.db import Database, Transaction
from services.kit.errors import Refused, Retry

RETELL_AFTER = timedelta(seconds=10)
"""How long the router is given to plan before a revision is said again."""

MOST_SECONDS = 30
"""How far ahead a free identifier is looked for."""

_MESSAGES: dict[Kind, type[WarningPublished]] = {
    Kind.ALERT: WarningIssued,
    Kind.UPDATE: WarningUpdated,
    Kind.CANCEL: WarningCancelled,
}


class Overtaken(Exception):
    """What a revision replaces changed while it was being composed; compose it again."""


@dataclass(frozen=True)
class Chain:
    """What a revision replaces."""

    references: str
    """Every message of the warning that a receiver may still hold, byte for byte."""
    ends: tuple[WeatherWarning, ...]
    """The revisions in force or halted that give way, of this warning and of those that it mutes."""
    supersedes: tuple[Predecessor, ...]

    def same_as(self, other: "Chain") -> bool:
        """Tell whether two looks at the rows saw the same."""
        return (self.references, _versions(self.ends)) == (other.references, _versions(other.ends))


def _versions(revisions: Sequence[WeatherWarning]) -> list[tuple[str, int, int]]:
    return [(str(one.warning_id), one.revision, one.version) for one in revisions]


Together = Sequence[WeatherWarning]
"""What goes out at once: a warning and its parts in other colours."""


async def chain_of(db: Database, warning: WeatherWarning, now: datetime, together: Together = ()) -> Chain:
    """Return what a revision would replace if it went out now."""
    async with db.read() as connection:
        return await _chain(connection, warning, now, together)


async def _chain(
    connection: AsyncConnection,
    warning: WeatherWarning,
    now: datetime,
    together: Together,
    *,
    lock: bool = False,
) -> Chain:
    lead = warning.content.lead if warning.revision == 1 else None
    own = await store.warnings.published(connection, lead or warning.warning_id, lock=lock)
    if lead is None and any(one.revision > warning.revision for one in own):
        raise Refused("a later revision of this warning is out already", mend="begin a new update")
    muted = [
        found
        for other in warning.content.supersedes
        if (found := await store.warnings.standing(connection, other, lock=lock))
        and found.state is State.ISSUED
    ]
    known = {warning.warning_id, *(one.warning_id for one in own)}
    elsewhere = [other for other in together if other.warning_id not in known and other.revision > 1]
    taken = await _taken_over(connection, warning, elsewhere)
    held = [one for one in own if one.content.expires > now] or own[-1:]
    ends = [one for one in own if one.state in STANDING and lead is None] + muted
    notices = [one.published.notice for one in (*held, *muted, *taken) if one.published]
    return Chain(
        references=" ".join(_reference(notice) for notice in notices),
        ends=tuple(ends),
        supersedes=tuple(Predecessor(warning_id=m.warning_id, revision=m.revision) for m in muted),
    )


async def _taken_over(
    connection: AsyncConnection, warning: WeatherWarning, elsewhere: Together
) -> list[WeatherWarning]:
    """Return what villages had that change from one colour to another in an update of all of them."""
    villages = set(warning.manifest.villages) if warning.manifest else set()
    found = []
    for other in elsewhere:
        base = await store.warnings.standing(connection, other.warning_id)
        if base and base.manifest and villages & set(base.manifest.villages):
            found.append(base)
    return found


def _reference(notice: Notice) -> str:
    return cap.reference(notice.sender_code, notice.identifier, notice.sent)


async def issue(
    db: Database, press: Press, approved: WeatherWarning, seen: int, by: Person
) -> WeatherWarning:
    """Compose, check and sign; then store it and say it, together. Nothing is stored when signing fails."""
    now = db.clock.now()
    if approved.content.expires <= now:
        raise Refused("it has expired while it waited", mend="return it and choose a later expiry")
    async with db.read() as connection:
        parts = await mixing.parts_of(connection, approved)
    await covers(db, [approved, *parts])
    together = [approved, *(mixing.approved_with(approved, part) for part in parts)]
    versions = [seen, *(part.version for part in parts)]
    sheets = [
        await _sheet(db, press, one, together, place, version, now)
        for place, (one, version) in enumerate(zip(together, versions, strict=True))
    ]
    follows = await _follows(db, press, sheets, by, now)
    try:
        async with db.transaction() as tx:
            await _all_out(tx, press, sheets, follows, by)
    except IntegrityError as error:
        raise Overtaken from error
    return sheets[0].issued


async def _follows(
    db: Database, press: Press, sheets: Sequence["Sheet"], by: Person, now: datetime
) -> list[tuple[Follower, "Sheet"]]:
    """Print what follows, each naming the message because of which it does."""
    said = {sheet.issued.warning_id: _name(sheet.issued) for sheet in sheets}
    found = await followers(db, press.catalogue, [sheet.issued for sheet in sheets], by)
    return [
        (one, await _sheet(db, press, one.approved, (), place, 1, now, said[one.lead.warning_id]))
        for place, one in enumerate(found, len(sheets))
    ]


async def _all_out(
    tx: Transaction,
    press: Press,
    sheets: Sequence["Sheet"],
    follows: Sequence[tuple[Follower, "Sheet"]],
    by: Person,
) -> None:
    now, leading = sheets[0].issued.updated_at, [sheet.issued for sheet in sheets]
    for sheet in sheets:
        if not sheet.chain.same_as(await _chain(tx.connection, sheet.issued, now, leading, lock=True)):
            raise Overtaken
    await answered(tx, leading)
    await still(tx, leading)
    for sheet in sheets:
        await _put_out(tx, press, sheet, by)
        await store.grants.drop_ready(tx, sheet.issued)
    for follower, sheet in follows:
        await store.changes.insert(tx, follower.review)
        await told(tx, press.catalogue, follower, sheet.issued)
        await _put_out(tx, press, sheet, by)
    moved = [*leading, *(sheet.issued for _, sheet in follows)]
    await settle(tx, press.catalogue, moved, by.username)


@dataclass(frozen=True)
class Sheet:
    """A revision that is printed and not yet out, and what it replaces."""

    issued: WeatherWarning
    seen: int
    chain: Chain


async def _sheet(
    db: Database,
    press: Press,
    approved: WeatherWarning,
    together: Together,
    place: int,
    seen: int,
    now: datetime,
    incidents: str = "",
) -> Sheet:
    chain = await chain_of(db, approved, now, together)
    because = incidents or await incidents_of(db, approved)
    published = await _printed(db, press, approved, chain, now, place, because)
    return Sheet(approved.issued(published, now), seen, chain)


async def _put_out(tx: Transaction, press: Press, sheet: Sheet, by: Person) -> None:
    issued = sheet.issued
    await store.changes.save(tx, issued, sheet.seen, retell_at=issued.updated_at + RETELL_AFTER)
    await _end(tx, sheet.chain, issued, by)
    await attached.follow(tx, issued, sheet.chain.ends, by)
    await keep_ready(tx, press.catalogue, issued)
    tx.emit(message_of(issued, tx.now))
    tell_key(tx, issued, press.signer.key_of(issued.content.mode), by)
    await tell(tx, issued, by, "approved", issued.approvals[-1].statement)
    await store.events.tell(tx, issued, by.username, "issued", _name(issued))
    await reviewing.of_emergency(tx, press.catalogue, issued)


async def _printed(
    db: Database,
    press: Press,
    approved: WeatherWarning,
    chain: Chain,
    now: datetime,
    place: int,
    incidents: str,
) -> Published:
    assert approved.manifest is not None
    notice = press.notice(
        approved.content,
        approved.manifest,
        identifier=await identifier_for(db, press, now, place),
        references=chain.references,
        sent=now.replace(microsecond=0),
        approvers=tuple(approval.name for approval in approved.approvals),
        emergency=bool(approved.emergency),
    )
    document = await press.document(notice, approved.content, incidents)
    return Published(notice, document, now, chain.supersedes)


async def identifier_for(db: Database, press: Press, now: datetime, place: int = 0) -> str:
    """Return a free identifier of this second, or of one of the next when ten are taken.

    What goes out together takes the free ones in turn: `place` says whose turn it is.
    """
    before = place
    async with db.read() as connection:
        for second in range(MOST_SECONDS):
            beginning = press.beginning(now + timedelta(seconds=second))
            taken = await store.changes.identifiers_beginning(connection, beginning)
            while found := free_identifier(beginning, taken):
                if not before:
                    return found
                taken.add(found)
                before -= 1
    raise Retry("too many warnings are issued at once", after=1)


async def _end(tx: Transaction, chain: Chain, issued: WeatherWarning, by: Person) -> None:
    for one in chain.ends:
        kind = issued.content.kind if one.warning_id == issued.warning_id else Kind.UPDATE
        ended = one.ended_by(kind, issued.updated_at)
        await store.changes.save(tx, ended, one.version)
        await store.events.tell(tx, ended, by.username, str(ended.state), _name(issued))
        await store.prepared.drop(tx, ended.warning_id)


def _name(issued: WeatherWarning) -> str:
    return issued.published.notice.identifier if issued.published else ""


def message_of(issued: WeatherWarning, at: datetime) -> WarningPublished:
    """Return what everybody is told of a revision that is out; the same again whenever it is told again."""
    published, manifest, content = issued.published, issued.manifest, issued.content
    assert published is not None
    assert manifest is not None
    return _MESSAGES[content.kind](
        mode=content.mode,
        lane=content.level.lane if content.kind is Kind.ALERT else Lane.URGENT,
        warning_id=issued.warning_id,
        revision=issued.revision,
        at=at,
        notice=published.notice,
        selection=content.selection,
        cap_xml=published.cap_xml.decode(),
        content_sha256=issued.content_sha256,
        manifest_sha256=manifest.sha256,
        registry_version=manifest.registry_version,
        approved_at=published.approved_at,
        supersedes=published.supersedes,
    )
