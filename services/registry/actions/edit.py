"""One row at a time: changed, ended, found right; a number shown to somebody who says why."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy import func, select

from services.kit import proposals
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Invalid, NotFound, Refused
from services.kit.phones import masked
from services.kit.proposals import Proposal
from services.registry import publishing, store
from services.registry.actions.merge import Merge
from services.registry.actions.take import merged
from services.registry.blocks import opened
from services.registry.intake import row_of
from services.registry.model import POWER, Row, key_of

ROW = "row"
"""The kind of a proposal to change a row that gives power."""

_INHABITED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "towns": (("villages", "town_code"),),
    "villages": (("stations", "village_code"), ("recipients", "village_code")),
    "units": (("stations", "unit"),),
    "departments": (("stations", "department"),),
}
"""What must be gone before a row can be ended: kinds, and the column by which they name it."""


May = Callable[[Mapping[str, Any]], None]
"""Raises Forbidden for a row that is not somebody's to change."""


def anything(_row: Mapping[str, Any]) -> None:
    """Let every row be changed."""


async def edit(
    db: Database,
    crypto: CryptoProvider,
    kind: str,
    fields: Mapping[str, Any],
    *,
    by: str,
    version: int | None = None,
    may: May = anything,
) -> Proposal | None:
    """Change or add a row and say it; for kinds that give power, propose it to another operator.

    `may` is asked of the row that is there and of what becomes of it.
    """
    async with db.transaction() as tx:
        row = await _edited(tx, crypto, kind, fields, version, may)
        if kind in POWER:
            wanted = {"kind": kind, "fields": row.model_dump(mode="json", by_alias=True)}
            about = f"{kind}:{key_of(row)}"
            return await proposals.propose(tx, store.PROPOSALS, ROW, about, wanted, by)
        await _keep(tx, crypto, kind, row, by)
    await publishing.publish(db, crypto)
    return None


async def confirm_row(db: Database, crypto: CryptoProvider, proposal_id: UUID, *, by: str) -> Proposal:
    """Make the change that another operator proposed."""
    async with db.transaction() as tx:
        found = await proposals.get(tx.connection, store.PROPOSALS, proposal_id)
        if found.kind != ROW:
            raise NotFound("there is no such proposal of a row")
        found = await proposals.confirm(tx, store.PROPOSALS, proposal_id, by)
        kind = found.wanted["kind"]
        row = await _edited(tx, crypto, kind, found.wanted["fields"], None)
        await _keep(tx, crypto, kind, row, by)
    await publishing.publish(db, crypto)
    return found


async def _keep(tx: Transaction, crypto: CryptoProvider, kind: str, row: Row, by: str) -> None:
    change = await merged(tx, crypto, kind, [row], by)
    if change.added + change.changed:
        act = "registry.added" if change.added else "registry.changed"
        tx.record(act, actor=by, about=key_of(row), what=kind)


async def _edited(
    tx: Transaction,
    crypto: CryptoProvider,
    kind: str,
    fields: Mapping[str, Any],
    version: int | None,
    may: May = anything,
) -> Row:
    """Return the row as it will be: what is there, with the given fields in place."""
    model = row_of(kind)
    key = str(fields.get(model.key) or "")
    before = (await store.known(tx, store.BY_KIND[kind], [key])).get(key) if key else None
    if before is not None:
        may(before)
    if before is not None and version is not None and before["version"] != version:
        raise Refused("somebody changed this row meanwhile", mend="read it again, and change it then")
    cells = cells_of(crypto, kind, before) if before is not None else {}
    given = {name: value for name, value in {**cells, **fields}.items() if value not in ("", None)}
    may(given)
    try:
        row = model.model_validate(given)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False, include_context=False)
        raise Invalid.of([_fault(one["loc"], one["msg"]) for one in faults]) from None
    if before is None and "****" in str(given.get("phone", "")):
        raise Invalid("phone", "is masked, and this person is not in the registry", "write the whole number")
    # Fields that were emptied count as given, or they would stay as they are.
    return row.model_copy(update={name: getattr(row, name) for name in model.model_fields})


def _fault(place: tuple[int | str, ...], said: str) -> Fault:
    return Fault(".".join(map(str, place)) or "row", said.removeprefix("Value error, "), "mend the field")


def cells_of(
    crypto: CryptoProvider, kind: str, row: Mapping[str, Any], *, whole: bool = False
) -> dict[str, Any]:
    """Return a row as the fields that somebody edits or exports; the phone is masked unless it is `whole`."""
    cells: dict[str, Any] = {}
    for name, field in row_of(kind).model_fields.items():
        if name == "phone":
            phone = opened(crypto, row["phone_sealed"])
            cells[name] = masked(phone) if phone and not whole else phone
        elif name in row and not field.exclude:
            cells[field.alias or name] = row[name]
    return cells


async def end(db: Database, crypto: CryptoProvider, kind: str, key: str, *, by: str) -> None:
    """Let a row be valid until today; refuse while something valid still hangs on it."""
    async with db.transaction() as tx:
        row = await _get(tx, kind, key)
        for other, column in _INHABITED.get(kind, ()):
            table = store.BY_KIND[other]
            mine = (table.c[column] == key) & store.valid(table, store.today(tx.now))
            left = (await tx.execute(select(func.count()).select_from(table).where(mine))).scalar_one()
            if left:
                raise Refused(f"{left} {other} still belong to it", mend="move or end them first")
        merge = Merge(kind, by)
        await merge.end(tx, [row])
        await merge.finish(tx)
        tx.record("registry.ended", actor=by, about=key, what=kind)
    await publishing.publish(db, crypto)


async def check(db: Database, kind: str, key: str, *, by: str) -> None:
    """Note that somebody looked at a row today and found it right."""
    async with db.transaction() as tx:
        await _get(tx, kind, key)
        await store.checked(tx, store.BY_KIND[kind], [key])
        tx.record("registry.checked", actor=by, about=key, what=kind)


async def unmask(db: Database, crypto: CryptoProvider, key: str, reason: str, *, by: str) -> str:
    """Return somebody's number to whoever says why he needs it; the log keeps who and why."""
    if len(reason.strip()) < 4:
        raise Invalid("reason", "is missing", "say in a few words why the number is needed")
    async with db.transaction() as tx:
        row = await _get(tx, "recipients", key)
        phone = opened(crypto, row["phone_sealed"])
        if phone is None:
            raise NotFound("this person has no number")
        tx.record("phone.unmasked", actor=by, about=key, reason=reason.strip()[:200], phone=row["phone_hash"])
    return phone


async def _get(tx: Transaction, kind: str, key: str) -> dict[str, Any]:
    row_of(kind)
    found = (await store.known(tx, store.BY_KIND[kind], [key])).get(key)
    if found is None:
        raise NotFound("there is no such row")
    return found
