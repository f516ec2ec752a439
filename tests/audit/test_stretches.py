"""Everything is compared a stretch at a time, what is new at once; neither costs more as the ledger grows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, event, update

from contracts.values import Channel
from services.audit.actions import lately, sign, stretches
from services.audit.actions.reconcile import Sources
from services.audit.issuer import Issued
from services.audit.model.walking import Walk
from services.audit.store.alarm_tables import LOOKS
from services.audit.store.tables import DELIVERIES, RECORDS
from services.kit.errors import Invalid
from tests.audit.audit_make import AWarning, a_fact
from tests.audit.keeping_make import a_keeping
from tests.audit.story_make import story
from tests.audit.watch_make import GRACE, Watching, watching


def sources(world: Watching) -> Sources:
    return Sources(world.book.db, world.watched.stream, GRACE, world.desk, world.book.signer)  # type: ignore[arg-type]


async def walked(world: Watching, limit: int = 2) -> list[stretches.Stretch]:
    """Return every stretch, one after the other."""
    done = [await stretches.stretch(sources(world), "", limit)]
    while (after := done[-1].next) is not None:
        done.append(await stretches.stretch(sources(world), after, limit))
    return done


async def test_stretch_after_stretch_names_every_difference_and_then_ends(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "MOST", 30)
    async with watching(database_url, tmp_path) as world:
        known = [AWarning() for _ in range(5)]
        for one in known:
            await world.say(*one.whole())
        unheard = [AWarning() for _ in range(3)]
        world.desk.issued = [Issued(str(one.warning_id), 1, world.clock.at) for one in (*known, *unheard)]
        await sign.head(world.book.db, world.book.signer)
        world.clock.move(hours=7)
        sms = {str(one.delivery_id(Channel.SMS)) for one in (known[0], known[3])}
        async with world.book.db.transaction() as tx:
            forged = update(DELIVERIES).where(DELIVERIES.c.delivery_id.in_(sms))
            await tx.execute(forged.values(tally={"received": 99}))
            await tx.execute(delete(RECORDS).where(RECORDS.c.position == 40))
        done = await walked(world)
        parts = [one.part for one in done]
        assert list(dict.fromkeys(parts)) == ["warnings", "issued", "records", "ledger"]
        assert parts.count("warnings") == 3
        assert sum(one.found.warnings for one in done) == 5
        named = [(d.what, d.about or d.warning_id) for one in done for d in one.found.differences]
        assert {about for what, about in named if what == "tally-differs"} == sms
        assert {about for what, about in named if what == "issued-unheard"} == {
            str(one.warning_id) for one in unheard
        }
        assert ("ledger-count", "31-55") in named
        together = await stretches.everything(sources(world))
        assert sorted((d.what, d.about or d.warning_id) for d in together.differences) == sorted(named)
        assert (together.warnings, together.deliveries) == (5, 15)


async def test_what_is_no_cursor_is_refused(sqlite_url: str, tmp_path: Path) -> None:
    async with watching(sqlite_url, tmp_path) as world:
        for after in ("nothing", "records/x", "records/-1", "records/" + "9" * 19, "warnings/" + "x" * 101):
            with pytest.raises(Invalid):
                await stretches.stretch(sources(world), after)


async def test_an_alarm_stands_over_what_was_not_compared_now_and_only_there(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lately, "AT_ONCE", 1)
    monkeypatch.setattr("services.audit.store.looks.NEWEST", 1)
    async with watching(database_url, tmp_path) as world:
        lost, plan, *rest = AWarning().whole()
        await world.say(lost, *rest)
        await world.round(seconds=70)
        async with world.book.db.transaction() as tx:
            await tx.execute(delete(LOOKS))
        found = await lately.lately(sources(world))
        assert [d.what for d in found.found.differences].count("plan-missing") == 1
        assert found.fresh == len(found.found.differences)
        await world.say(*AWarning().whole())
        later = await lately.lately(sources(world))
        assert (later.fresh, later.found.warnings) == (0, 1)
        assert "plan-missing" in {d.what for d in later.found.differences}, (
            "the watch found it, and it stands"
        )
        await world.say(plan)
        mended = await lately.lately(sources(world))
        assert mended.found.differences == [], "compared again, it adds up"


A_HEAD = 10
"""What one head more costs; of many, only the newest hundred are looked at."""


async def test_what_a_request_reads_does_not_grow_with_the_ledger(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stretches, "MOST", 1000)
    async with watching(sqlite_url, tmp_path) as world:
        costs = []
        for _ in range(2):
            for _ in range(25):
                await world.say(*AWarning().whole())
            await world.say(*(a_fact(n) for n in range(3000)))
            await sign.head(world.book.db, world.book.signer)
            await world.round(hours=7)
            costs.append(await _costs(world))
        before, after = costs
        grown = {
            name: (before[name], after[name]) for name in after if after[name] > 1.1 * before[name] + A_HEAD
        }
        assert set(grown) == {"everything"}, grown
        assert after["everything"] > 1.5 * before["everything"], "so it is measured at all"


async def test_a_walk_carries_only_what_it_has_just_come_by(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carried: list[int] = []
    let_go = Walk.let_go

    def noted(self: Walk) -> Any:
        carried.append(len(self.emptied))
        return let_go(self)

    monkeypatch.setattr(Walk, "let_go", noted)
    monkeypatch.setattr("services.audit.store.walk.AT_ONCE", 4)
    async with a_keeping(sqlite_url, tmp_path) as keeping:
        assert await (await story(keeping, tmp_path)).found() == []
    assert sum(carried) > 4
    assert max(carried) <= 4


async def _costs(world: Watching) -> dict[str, int]:
    """Return how many steps the database takes for each thing that can be asked."""
    of = sources(world)
    asked: dict[str, Callable[[], Awaitable[Any]]] = {
        "lately": lambda: lately.lately(of),
        "warnings": lambda: stretches.stretch(of),
        "records": lambda: stretches.stretch(of, "records/1000"),
        "ledger": lambda: stretches.stretch(of, "ledger"),
        "everything": lambda: stretches.everything(of),
    }
    costs = {}
    for name, ask in asked.items():
        async with _counted(world) as steps:
            await ask()
        costs[name] = len(steps)
    return costs


@asynccontextmanager
async def _counted(world: Watching) -> AsyncIterator[list[int]]:
    """Note every hundredth step of the database."""
    steps: list[int] = []
    engine = world.book.db.reader.sync_engine

    def begin(connection: Any, *_: Any) -> None:
        connection.run_async(lambda driver: driver.set_progress_handler(lambda: steps.append(1), 100))

    def end(connection: Any, *_: Any) -> None:
        connection.run_async(lambda driver: driver.set_progress_handler(None, 100))

    event.listen(engine, "checkout", begin)
    event.listen(engine, "checkin", end)
    try:
        yield steps
    finally:
        event.remove(engine, "checkout", begin)
        event.remove(engine, "checkin", end)
