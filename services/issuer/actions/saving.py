"""Saving phrases and areas: put by, rename, share, take away."""

from uuid import UUID

from contracts.values import AreaSelection
from services.issuer import store
from services.issuer.actions.permission import at_the_desk
from services.issuer.catalogue import Catalogue
from services.issuer.model import Person
from services.issuer.model.saved import Saved, SavedKind
from services.kit.db import Database, Transaction
from services.kit.ids import uuid7


async def save(
    db: Database,
    catalogue: Catalogue,
    by: Person,
    name: str,
    *,
    phrase: str = "",
    area: AreaSelection | None = None,
    shared: bool = False,
) -> Saved:
    """Put a phrase by, or an area when one is given."""
    at_the_desk(catalogue, by)
    kind = SavedKind.AREA if area is not None else SavedKind.PHRASE
    saved = Saved(uuid7(), kind, name.strip(), by.username, shared, db.clock.now(), phrase.strip(), area)
    async with db.transaction() as tx:
        await store.saved.insert(tx, saved.checked())
        _tell(tx, by, "saved.kept", saved)
    return saved


async def change(
    db: Database,
    catalogue: Catalogue,
    by: Person,
    saved_id: UUID,
    *,
    name: str | None = None,
    shared: bool | None = None,
) -> Saved:
    """Give one another name, or share it."""
    at_the_desk(catalogue, by)
    async with db.transaction() as tx:
        saved = (await store.saved.get(tx.connection, saved_id, by.username)).changed(
            by.username, name.strip() if name is not None else None, shared
        )
        await store.saved.change(tx, saved)
        _tell(tx, by, "saved.changed", saved)
    return saved


async def remove(db: Database, catalogue: Catalogue, by: Person, saved_id: UUID) -> None:
    """Take one away; only its owner may."""
    at_the_desk(catalogue, by)
    async with db.transaction() as tx:
        saved = await store.saved.get(tx.connection, saved_id, by.username)
        saved.belongs_to(by.username)
        await store.saved.remove(tx, saved)
        _tell(tx, by, "saved.removed", saved)


def _tell(tx: Transaction, by: Person, kind: str, saved: Saved) -> None:
    tx.record(kind, actor=by.username, about=str(saved.saved_id), what=str(saved.kind), shared=saved.shared)
