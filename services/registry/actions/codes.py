"""One-time codes: made by an operator, exchanged once by a station for its keys."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from contracts.values import Mode
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import NotFound
from services.registry import publishing, store
from services.registry.actions.keys import issue_in, revoke_all
from services.registry.model import IssuedKey
from services.registry.model.codes import GOOD_FOR, MadeCode, new_code

_UNKNOWN = NotFound("this code is not good (any more)", mend="look at the digits again, or ask for another")


async def make_code(
    db: Database,
    crypto: CryptoProvider,
    station: str,
    modes: Sequence[Mode],
    *,
    replace: bool,
    by: str,
    good_for: timedelta = GOOD_FOR,
) -> MadeCode:
    """Make a code for a station; to replace a lost device, all its keys and codes die in the same act."""
    code, wanted = new_code(), tuple(mode for mode in Mode if mode in modes)
    async with db.transaction() as tx:
        if not await store.known(tx, store.STATIONS, [station]):
            raise NotFound(f"there is no station {station}")
        dead = 0
        if replace:
            await _withdraw(tx, station)
            dead = await revoke_all(tx, station, by=by)
        row = {"proof": _proof(crypto, code), "station": station, "modes": " ".join(wanted), "made_by": by}
        expires = tx.now + good_for
        await tx.execute(insert(store.STATION_CODES).values(**row, made_at=tx.now, expires_at=expires))
        tx.record("station-code.made", actor=by, about=station, modes=len(wanted), keys_revoked=dead)
    if dead:
        await publishing.publish(db, crypto)
    return MadeCode(station, code, wanted, expires, dead)


async def withdraw_codes(db: Database, station: str, *, by: str) -> int:
    """Withdraw every code of a station that was not used; return how many there were."""
    async with db.transaction() as tx:
        count = await _withdraw(tx, station)
        if count:
            tx.record("station-code.withdrawn", actor=by, about=station, codes=count)
    return count


async def _withdraw(tx: Transaction, station: str) -> int:
    codes = store.STATION_CODES
    open_ones = (codes.c.station == station) & codes.c.used_at.is_(None) & codes.c.withdrawn_at.is_(None)
    return int((await tx.execute(update(codes).where(open_ones).values(withdrawn_at=tx.now))).rowcount)


async def exchange(
    db: Database, crypto: CryptoProvider, code: str, *, terminal: str | None, source: str
) -> list[IssuedKey]:
    """Give a station its keys for a code, once; of two that come at once, one gets them."""
    codes = store.STATION_CODES
    async with db.transaction() as tx:
        mine = codes.c.proof == _proof(crypto, code)
        good = (
            mine & codes.c.used_at.is_(None) & codes.c.withdrawn_at.is_(None) & (codes.c.expires_at > tx.now)
        )
        used = {"used_at": tx.now, "used_from": source[:60], "terminal": terminal}
        if (await tx.execute(update(codes).where(good).values(**used))).rowcount != 1:
            raise _UNKNOWN
        row = (await tx.execute(select(codes).where(mine))).mappings().one()
        station, by = row["station"], row["made_by"]
        if not await store.known(tx, store.STATIONS, [station]):
            raise _UNKNOWN
        issued = await issue_in(tx, [station], [Mode(mode) for mode in row["modes"].split()], by)
        tx.record("station-code.used", actor=by, about=station, terminal=terminal or "")
    await publishing.publish(db, crypto)
    return issued


async def open_codes(db: Database, now: datetime) -> list[dict[str, Any]]:
    """Return the codes that may still be used, newest first; the codes themselves nobody knows."""
    codes = store.STATION_CODES
    good = codes.c.used_at.is_(None) & codes.c.withdrawn_at.is_(None) & (codes.c.expires_at > now)
    found = select(codes).where(good).order_by(codes.c.made_at.desc()).limit(500)
    return [dict(row) for row in await db.rows(found)]


def _proof(crypto: CryptoProvider, code: str) -> str:
    return crypto.short_token("station-code", code)
