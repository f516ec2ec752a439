"""What the ledger never heard of the issuer says again; what has ended it leaves alone, but for a lift."""

from pathlib import Path

import pytest

from contracts.difference import ISSUER, DifferenceTold
from contracts.fact import Fact
from contracts.values import Lane, Mode
from contracts.warning import WarningCancelled, WarningIssued, WarningPublished, WarningUpdated
from services.audit.issuer import Issued
from services.issuer import actions
from services.issuer.actions.again import again
from services.issuer.model import WeatherWarning
from tests.audit.watch_make import watching
from tests.issuer.issuer_make import ZHANG, Office


async def _told(office: Office, told: DifferenceTold) -> list[WarningPublished]:
    """Tell the issuer; return what it says to that."""
    kinds = (WarningIssued, WarningUpdated, WarningCancelled)
    before = sum([len(await office.said(kind)) for kind in kinds])
    async with office.db.transaction() as tx:
        await again(tx, told)
    found: list[WarningPublished] = await office.said(WarningPublished)  # type: ignore[type-abstract]
    return found[before:]


def _missed(warning: WeatherWarning, revision: int | None = None, mode: Mode = Mode.LIVE) -> DifferenceTold:
    return DifferenceTold(
        mode=mode,
        lane=Lane.URGENT,
        owner=ISSUER,
        what="issued-unheard",
        warning_id=warning.warning_id,
        revision=revision or warning.revision,
        at=warning.updated_at,
        time=1,
    )


async def test_a_revision_that_nobody_heard_is_said_again_and_the_alarm_ends(
    office: Office, database_url: str, tmp_path: Path
) -> None:
    issued = await office.issued()
    (first,) = await office.said(WarningIssued)
    async with watching(database_url, tmp_path / "audit") as world:
        world.clock.at = office.clock.at
        assert issued.published is not None
        world.desk.issued = [Issued(str(issued.warning_id), 1, issued.published.approved_at)]
        await world.round(seconds=61)
        assert await world.whats() == ["issued-unheard"]
        (told,) = await world.told()
        assert told.owner == ISSUER
        (said,) = await _told(office, told)
        assert said.model_copy(update={"at": first.at}) == first, "the same words, under a new id"
        await world.say(said)
        await world.round(seconds=5)
        assert await world.whats() == []


async def test_what_was_updated_lifted_halted_or_ran_out_is_not_said_again(office: Office) -> None:
    updated = await office.issued()
    await office.updated(updated.warning_id)
    await office.lifted(updated.warning_id)
    halted = await office.issued()
    await actions.halt(office.db, office.catalogue, halted.warning_id, ZHANG, "wrong area")
    for gone in (_missed(updated, 1), _missed(updated, 2), _missed(halted)):
        assert await _told(office, gone) == []
    await office.lifted(halted.warning_id)
    old = await office.issued()
    office.clock.at = old.content.expires
    assert await _told(office, _missed(old)) == []
    declined = [fact for fact in await office.said(Fact) if fact.kind == "difference.declined"]
    assert len(declined) == 4


async def test_a_lift_is_said_again_whatever_the_hour(office: Office) -> None:
    issued = await office.issued()
    lift = await office.lifted(issued.warning_id)
    (said,) = await _told(office, _missed(lift))
    assert isinstance(said, WarningCancelled)
    office.clock.move(days=2)
    (said,) = await _told(office, _missed(lift))
    assert (said.revision, said.lane) == (2, Lane.URGENT)


@pytest.mark.parametrize("wrong", ["unknown", "draft", "drill"])
async def test_what_was_never_issued_here_is_not_said(office: Office, wrong: str) -> None:
    issued = await office.issued()
    draft = await office.drafted()
    told = {
        "unknown": _missed(issued, 7),
        "draft": _missed(draft),
        "drill": _missed(issued, mode=Mode.DRILL),
    }
    assert await _told(office, told[wrong]) == []
