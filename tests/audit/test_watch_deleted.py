"""What two people agreed to delete is no alarm; what somebody emptied, or filed elsewhere, is one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from services.audit.actions import sign, watch
from services.audit.actions.heads import Keeper
from services.audit.heads import FilePlace
from services.audit.store.tables import HEADS, RECORDS
from tests.audit.audit_make import AWarning, a_fact
from tests.audit.keeping_make import a_keeping, filled
from tests.audit.test_deletion import BEFORE
from tests.audit.watch_make import Watching, watching


async def test_what_was_deleted_by_agreement_raises_no_alarm_and_drives_nobody(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        world = Watching(keeping.book, keeping.clock)
        await world.round(seconds=5)
        for name in ("delivery-detail", "security"):
            await keeping.agree(name, BEFORE)
            await keeping.work()
        for _ in range(3):
            await world.round(seconds=70)
        assert [(a.what, a.about, a.why) for a in await world.alarms(standing=None)] == []
        assert await world.told() == []


async def test_the_watch_compares_the_heads_that_lie_outside(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        place, book = FilePlace(tmp_path / "heads"), world.book
        world.watched = replace(world.watched, signer=book.signer, places=[place])
        await world.say(*(a_fact(n) for n in range(20)))
        await sign.head(book.db, book.signer)
        await Keeper(book.db, place, book.signer).step()
        for _ in range(watch.HEADS_EVERY):
            await world.round(seconds=5)
        assert await world.alarms(standing=None) == []
        content = place.path.read_bytes()
        async with book.db.transaction() as tx:
            await tx.execute(delete(HEADS))
        for _ in range(watch.HEADS_EVERY):
            await world.round(seconds=5)
        assert await world.whats() == ["heads-missing"]
        place.path.rename(tmp_path / "aside")
        place.path.mkdir()
        for _ in range(watch.HEADS_EVERY):
            await world.round(seconds=5)
        assert await world.whats() == ["heads-missing"], "a place that is away ends no alarm"
        place.path.rmdir()
        place.path.write_bytes(b"something else\n" * 4 + content)
        for _ in range(watch.HEADS_EVERY):
            await world.round(seconds=5)
        assert await world.whats() == ["head-forged"]


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"payload": b""}, "record-emptied"),
        ({"kind": "session.ended"}, "record-changed"),
        ({"about": None}, "record-changed"),
        ({"actor": "nobody"}, "record-changed"),
    ],
)
async def test_a_record_that_is_emptied_or_filed_elsewhere_behind_our_back_is_found(
    database_url: str, tmp_path: Path, values: dict[str, Any], what: str
) -> None:
    async with watching(database_url, tmp_path) as world:
        await world.say(*AWarning().whole())
        await world.say(*(a_fact(n, kind="session.opened", about="li") for n in range(5)))
        await world.round(seconds=5)
        assert await world.alarms(standing=None) == []
        async with world.book.db.transaction() as tx:
            await tx.execute(update(RECORDS).where(RECORDS.c.position == 14).values(**values))
        await world.round(seconds=5)
        found = {(a.what, a.about) for a in await world.alarms()}
        assert (what, "record 14") in found
