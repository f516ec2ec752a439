"""Every table has its class, and the watch finds by itself what was changed so that it still adds up."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, select, update

from contracts.values import Channel
from services.audit.actions import folding, words
from services.audit.actions.recounting import of_positions
from services.audit.model.alarms import Alarm
from services.audit.store import metadata
from services.audit.store.inventory import BOOKKEEPING, DERIVED, INVENTORY, SOURCE
from services.audit.store.questions_tables import ACTS, CARRIED, CARRIED_DAYS, COMINGS
from services.audit.store.report_tables import FACES
from services.audit.store.tables import DELIVERIES, ENDINGS
from services.audit.store.words_tables import WORDS
from tests.audit.audit_make import AWarning
from tests.audit.report_make import about, seen
from tests.audit.watch_make import Watching, watching


def test_every_table_is_in_one_class_and_says_what_it_holds() -> None:
    assert set(INVENTORY) == set(metadata.tables)
    assert {kind for kind, _ in INVENTORY.values()} == {SOURCE, DERIVED, BOOKKEEPING}
    assert len({meaning for _, meaning in INVENTORY.values()}) == len(INVENTORY)


async def filled(world: Watching) -> AWarning:
    """Record a warning that is over, and what is derived of it."""
    warning = AWarning()
    await world.say(
        *warning.whole(),
        warning.cancelled(),
        AWarning(at=warning.at).published(),
        about(warning, "warning.approved", 0, actor="wang", note="同意发布"),
        seen("500110001001", "online", world.clock.at - warning.at),
    )
    db, leadership = world.book.db, world.book.leadership
    await folding.catch_up(db)
    async with db.transaction() as tx:
        await leadership._claim_in(tx, words.LEASE)
    await words.fold(db, leadership)
    return warning


async def rounds(world: Watching, count: int = 4) -> list[Alarm]:
    """Let the watch do some rounds, and return what it says of recounts."""
    for _ in range(count):
        await world.round(minutes=10)
    kinds = ("recount:", "derived:", "carried:")
    return [alarm for alarm in await world.alarms() if alarm.scope.startswith(kinds)]


async def test_a_sound_ledger_raises_no_alarm_by_being_counted_anew(
    database_url: str, tmp_path: Path
) -> None:
    async with watching(database_url, tmp_path) as world:
        await filled(world)
        assert await rounds(world) == []


async def test_a_delivery_that_is_changed_and_still_adds_up_becomes_an_alarm_and_ends_when_it_is_put_right(
    database_url: str, tmp_path: Path
) -> None:
    async with watching(database_url, tmp_path) as world:
        warning = await filled(world)
        name = str(warning.delivery_id(Channel.SMS))
        d, db = DELIVERIES.c, world.book.db
        mine = update(DELIVERIES).where(d.delivery_id == name)
        before = dict((await db.rows(select(DELIVERIES).where(d.delivery_id == name)))[0])
        async with db.transaction() as tx:
            await tx.execute(mine.values(delivered=5, failed=0, tally={"received": 5}))
        (alarm,) = await rounds(world)
        assert (alarm.what, alarm.about, alarm.warning_id) == (
            "books-differ",
            name,
            str(warning.warning_id),
        )
        assert "failed=1" in str(alarm.expected)
        assert "failed=0" in str(alarm.found)
        async with db.transaction() as tx:
            await tx.execute(mine.values(before))
        assert await rounds(world) == []


@pytest.mark.parametrize("table", [ACTS, COMINGS, FACES, CARRIED, CARRIED_DAYS, WORDS, ENDINGS])
async def test_a_derived_row_that_is_removed_becomes_an_alarm_by_itself(
    database_url: str, tmp_path: Path, table: Table
) -> None:
    async with watching(database_url, tmp_path) as world:
        await filled(world)
        async with world.book.db.transaction() as tx:
            await tx.execute(delete(table))
        found = await rounds(world)
    names = {"words": "words-differ", "endings": "books-differ"}
    assert names.get(table.name, "derived-differs") in {alarm.what for alarm in found}


async def test_a_row_that_no_record_says_is_named_with_its_place(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        await filled(world)
        async with world.book.db.transaction() as tx:
            row: dict[str, Any] = dict((await tx.execute(select(ACTS))).mappings().one())
            await tx.execute(ACTS.insert().values({**row, "position": 900, "person": "nobody"}))
        async with world.book.db.read() as connection:
            (found,) = await of_positions(connection, 1, 20)
    assert (found.about, found.expected, found.found) == ("acts 900", "none", "a row")
    assert found.why.startswith("who did what to a warning")
