"""What the tests of following a warning share."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import update

from contracts.fact import Fact
from contracts.outcome import Outcome, TargetState
from services.issuer.actions.ringing import rings
from services.issuer.model import Person, WeatherWarning
from services.kit.clock import microseconds
from services.kit.outbox import OUTBOX
from tests.issuer.issuer_make import NOW, Office
from tests.issuer.reports_make import a_plan, a_report, hear

ZHAO = Person("zhao", "赵静", frozenset({"town-desk"}))


async def facts(office: Office, kind: str) -> list[Fact]:
    return [fact for fact in await office.said(Fact) if fact.kind == kind]


async def published(office: Office) -> None:
    """Let the bus take everything that waits for it."""
    async with office.db.transaction() as tx:
        await tx.execute(update(OUTBOX).values(published_at=microseconds(office.clock.at)))


async def whys(office: Office, by: Person) -> list[str]:
    return [str(ring.why) for ring in await rings(office.db, office.catalogue, by)]


async def told(office: Office, warning: WeatherWarning, stations: Sequence[str]) -> None:
    """Let some stations confirm, five seconds one after the other."""
    outcomes = [
        Outcome(
            target=station, state=TargetState.CONFIRMED, at=NOW + timedelta(seconds=5 * n), by=f"村干部{n}"
        )
        for n, station in enumerate(stations, 1)
    ]
    tally = {TargetState.CONFIRMED: len(stations), TargetState.QUEUED: 4 - len(stations)}
    report = a_report(warning, 1, tally, outcomes).model_copy(update={"mode": warning.content.mode})
    await hear(office, a_plan(warning, mode=warning.content.mode), report)
