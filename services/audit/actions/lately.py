"""Lately: what is new is compared now; of everything else, what the watch knows of it stands.

What this costs does not depend on how long the ledger is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.audit.actions import compare, heads, look, reconcile
from services.audit.actions.compare import Asked
from services.audit.actions.reconcile import Reconciled, Sources
from services.audit.issuer import Issued, Issuer
from services.audit.model.alarms import ISSUED, Alarm, Compared
from services.audit.model.differences import Difference, Patience
from services.audit.store import alarms, ledger, looks, questions

AT_ONCE = 20
"""Of each kind so many warnings of late are compared: spoken of, published, waited for."""

MOST = 500
"""Alarms that are named; how many stand is said beside them."""


@dataclass(frozen=True)
class Lately:
    """What a comparison of what is new came to, with the alarms that stand over everything else."""

    found: Reconciled
    fresh: int
    """So many of the differences were found now, the others stand as alarms."""


async def lately(of: Sources) -> Lately:
    """Compare the warnings of late, the ledger's place and heads; add what stands elsewhere."""
    now, compared, issued = of.db.clock.now(), Compared(), Asked([], "")
    if of.issuer is not None:
        issued = Asked(await _issued(of.issuer, now, compared), "")
    life = await of.stream.life()
    async with questions.snapshot(of.db) as connection:
        place = await ledger.place(connection)
        patience = Patience(await reconcile.as_of(connection, place, life, now), of.grace)
        ids = await looks.lately(connection, place.size, AT_ONCE)
        await look.at_warnings(connection, ids, patience, compared)
        await look.at_ledger(connection, place, compared)
        await compare.at_issued(connection, issued, patience, compared)
        standing = await alarms.page(connection, "", MOST, standing=True)
        unheard = [alarm for alarm in standing if alarm.scope.startswith(f"{ISSUED}:")]
        await compare.at_unheard(connection, unheard, compared)
    await look.at_stream(of.stream, place, life, Patience(now, of.grace), compared)
    found = [one for _, one in compared.found.values()]
    if of.signer is not None:
        found += await heads.compare(of.db, of.signer, of.places)
    both = [*found, *_elsewhere(standing, found, compared)]
    whole = reconcile.reconciled(now, place, life, both, len(ids), compared.deliveries)
    return Lately(whole, len(found))


async def _issued(issuer: Issuer, now: datetime, compared: Compared) -> list[Issued]:
    issued, silent = await compare.ask_late(issuer, now - compare.LATE)
    compared.add(compare.ISSUER, silent)
    return issued


def _elsewhere(
    standing: Sequence[Alarm], found: Sequence[Difference], compared: Compared
) -> list[Difference]:
    """Return what stands and was not compared, or not found, just now."""
    known = {_name(one) for one in found}
    elsewhere = [alarm.difference for alarm in standing if not compared.covers(alarm)]
    return [one for one in elsewhere if _name(one) not in known]


def _name(one: Difference) -> tuple[object, ...]:
    return one.what, one.warning_id, one.revision, one.channel, one.about
