"""Review: put a draft before its approvers, approve it, give it back, end it."""

from dataclasses import replace
from uuid import UUID

from services.issuer import store
from services.issuer.actions import forthcoming, issuing, mixing
from services.issuer.actions.alongside import answered, clashes
from services.issuer.actions.correcting import keep_ready
from services.issuer.actions.covering import covers
from services.issuer.actions.granted import still as following_still
from services.issuer.actions.needing import may_be_emergency, steps_of
from services.issuer.actions.permission import permit
from services.issuer.actions.press import Press
from services.issuer.actions.readying import ready
from services.issuer.actions.telling import changed, tell
from services.issuer.catalogue import Verb
from services.issuer.model import Person, WeatherWarning, next_step, refuse
from services.issuer.model.choices import Beside, choice_faults
from services.issuer.reach import Reach
from services.kit.db import Database
from services.kit.errors import Invalid, Retry
from services.kit.telemetry import span

TRIES = 5
"""How often an issue is prepared anew because what it replaces moved meanwhile."""


async def submit(
    db: Database,
    press: Press,
    reach: Reach,
    warning_id: UUID,
    by: Person,
    version: int | None = None,
    emergency: str = "",
) -> WeatherWarning:
    """Pin the target list of a draft and put both before the approvers; the words are fixed from here.

    `emergency` says why it goes by the emergency flow: fewer approve, and it is reviewed afterwards.
    """
    warning = await _seen(db, warning_id, version)
    permit(press.catalogue, Verb.SUBMIT, by, warning)
    if emergency:
        may_be_emergency(press.catalogue, warning.content)
    async with db.read() as connection:
        drafts = await mixing.open_parts(connection, warning)
    parts, follows = [], list[WeatherWarning]()
    for part in drafts:
        set_part = await ready(db, press, reach, part, by, emergency)
        parts.append((await forthcoming.bind(db, press, reach, set_part, follows), part.version))
    tied = replace(warning, content=mixing.tied(warning.content, [part for part, _ in parts]))
    new = await ready(db, press, reach, tied, by, emergency)
    new = await forthcoming.bind(db, press, reach, new, follows)
    together = [new, *(part for part, _ in parts)]
    mixing.apart(together)
    await covers(db, together)
    async with db.transaction() as tx:
        refuse(await clashes(tx.connection, together, tx.now))
        await store.changes.save(tx, new, warning.version)
        await mixing.keep_together(tx, parts, by, "submitted")
        await keep_ready(tx, press.catalogue, new)
        await forthcoming.keep(tx, together, follows)
        await tell(tx, new, by, "submitted", emergency)
    return new


async def approve(
    db: Database,
    press: Press,
    warning_id: UUID,
    by: Person,
    *,
    content_sha256: str,
    manifest_sha256: str,
    statement: str = "",
    beside: tuple[Beside, ...] = (),
) -> WeatherWarning:
    """Approve exactly this text and target list; the last approval that is needed issues the warning.

    `beside` answers for others that came into force while it waited: they stay so, and why.
    """
    if wrong := list(choice_faults(beside, (), None)):
        raise Invalid.of(wrong)
    with span("issuer.approve", **{"yutian.warning_id": str(warning_id)}):
        for _ in range(TRIES):
            async with db.read() as connection:
                warning = await store.warnings.get(connection, warning_id)
            permit(press.catalogue, Verb.APPROVE, by, warning)
            needed = steps_of(press.catalogue, warning)
            now = db.clock.now()
            new = warning.approved(by, (content_sha256, manifest_sha256), needed, now, statement, beside)
            if next_step(needed, new.approvals) is not None:
                return await _keep(db, new, warning.version, by, statement)
            try:
                return await issuing.issue(db, press, new, warning.version, by)
            except issuing.Overtaken:
                continue
        raise Retry("what this warning replaces keeps changing", after=1)


async def _keep(db: Database, new: WeatherWarning, seen: int, by: Person, statement: str) -> WeatherWarning:
    async with db.transaction() as tx:
        together = [new, *await mixing.parts_of(tx.connection, new)]
        await answered(tx, together)
        await following_still(tx, together)
        await store.changes.save(tx, new, seen)
        await tell(tx, new, by, "approved", statement)
    return new


async def send_back(db: Database, press: Press, warning_id: UUID, by: Person, reason: str) -> WeatherWarning:
    """Give a revision in review back to its author; its approvals are void."""
    warning = await _seen(db, warning_id)
    permit(press.catalogue, Verb.RETURN, by, warning)
    new = warning.returned(reason, db.clock.now())
    async with db.transaction() as tx:
        await store.changes.save(tx, new, warning.version)
        parts = await mixing.open_parts(tx.connection, warning)
        given_back = [(part.returned(reason, tx.now), part.version) for part in parts]
        await mixing.keep_together(tx, given_back, by, "returned", reason)
        await forthcoming.keep(tx, [new, *parts], ())
        await tell(tx, new, by, "returned", reason)
    return new


async def reject(db: Database, press: Press, warning_id: UUID, by: Person, reason: str) -> WeatherWarning:
    """End a revision that has not gone out: its author may, and whoever could approve it."""
    warning = await _seen(db, warning_id)
    permit(press.catalogue, Verb.REJECT, by, warning)
    new = warning.rejected(reason, db.clock.now())
    async with db.transaction() as tx:
        await store.changes.save(tx, new, warning.version)
        await mixing.give_up(tx, warning, by, reason)
        await forthcoming.keep(tx, [new], ())
        if new.revision == 1:
            await keep_ready(tx, press.catalogue, new)
        await tell(tx, new, by, "rejected", reason)
    return new


async def _seen(db: Database, warning_id: UUID, version: int | None = None) -> WeatherWarning:
    async with db.read() as connection:
        warning = await store.warnings.get(connection, warning_id)
        if version is not None and warning.version != version:
            raise changed(warning, await store.events.since(connection, warning, version))
    return warning
