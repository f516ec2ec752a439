"""What two people agreed to delete is no alarm; what somebody emptied, or filed elsewhere, is one."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from contracts.fact import Fact
from contracts.outcome import TargetState
from contracts.values import Channel
from services.audit.actions import folding, sign, walk, watch
from services.audit.actions.heads import Keeper
from services.audit.actions.lately import lately
from services.audit.actions.reconcile import Sources
from services.audit.actions.stretches import everything
from services.audit.heads import FilePlace
from services.audit.store.posting_tables import BATCHES
from services.audit.store.report_tables import OBSERVATIONS
from services.audit.store.tables import HEADS, RECORDS, TARGETS
from tests.audit.audit_make import NOON, AWarning, a_fact, outcome
from tests.audit.keeping_make import AKeeping, a_keeping, filled
from tests.audit.test_deletion import BEFORE
from tests.audit.watch_make import GRACE, Watching, watching


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


async def test_nothing_adds_up_while_the_watch_knows_of_a_forged_record_elsewhere(
    database_url: str, tmp_path: Path
) -> None:
    async with watching(database_url, tmp_path) as world:
        await world.say(*(a_fact(n) for n in range(300)))
        async with world.book.db.transaction() as tx:
            await tx.execute(update(RECORDS).where(RECORDS.c.position == 250).values(payload=b"forged"))
        await world.round(seconds=5)
        sources = Sources(world.book.db, world.watched.stream, GRACE, signer=world.book.signer)
        for found in ((await lately(sources)).found, await everything(sources)):
            assert [(one.what, one.about) for one in found.differences] == [("ledger-broken", "record 250")]


async def test_lists_and_words_on_the_weather_that_are_odd_are_found_by_the_watch(
    database_url: str, tmp_path: Path
) -> None:
    async with watching(database_url, tmp_path) as world:
        await world.say(*AWarning().whole())
        await folding.catch_up(world.book.db)
        await world.round(seconds=5)
        assert await world.alarms(standing=None) == []
        batch = {"delivery_id": "d", "warning_id": "w", "revision": 1, "channel": "sms", "route": "cmcc"}
        odd = {"key_id": None, "count": 1, "sha256": bytes(32), "fault": "unsorted", "number": None}
        said = {"what": "outcome", "mode": "live", "said_at": NOON, "by": "sun", "source": "", "note": ""}
        async with world.book.db.transaction() as tx:
            await tx.execute(BATCHES.insert().values(position=3, **batch, **odd))
            row = {"position": 4, "part": 0, "subject": "x", "withdrawn": False}
            await tx.execute(OBSERVATIONS.insert().values(**row, **said))
        await world.round(seconds=5)
        whats = {*await world.whats()} - {"derived-differs"}  # unless the recount rests in this round
        assert whats == {"observation-differs", "posting-odd"}


STRANGER = "500110001077"
"""A station that no manifest names, of which a report speaks."""


async def a_stranger(keeping: AKeeping) -> Watching:
    """Return a watch that has an alarm about a target that no manifest names."""
    warning, one = AWarning(), TargetState
    said = warning.whole()
    told = [outcome(STRANGER, one.RECEIVED, 3)]
    report = warning.report(Channel.STATION, {one.CONFIRMED: 1, one.RECEIVED: 1, one.FAILED: 1}, told)
    await keeping.book.say(*said, report)
    world = Watching(keeping.book, keeping.clock)
    await world.round(seconds=5)
    assert ("target-not-planned", STRANGER) in [(a.what, a.about) for a in await world.alarms()]
    return world


async def test_an_alarm_about_a_target_that_two_agreed_to_delete_ends_and_says_by_which_agreement(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        world = await a_stranger(keeping)
        agreed = await keeping.agree("delivery-detail", BEFORE)
        assert await keeping.work() == 1
        for _ in range(2):
            await world.round(minutes=10)
        over = await world.alarms(standing=False)
        (mine,) = [alarm for alarm in over if alarm.about == STRANGER]
        assert mine.agreement_id == agreed.proposal_id
        ended = [one for one in await world.said() if getattr(one, "kind", "") == "difference.ended"]
        assert agreed.proposal_id in [one.detail.get("agreement") for one in ended if isinstance(one, Fact)]
        assert "books-differ" not in await world.whats(standing=None)


async def test_an_alarm_about_a_target_that_somebody_removed_stands_and_the_removal_is_one_more(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        world = await a_stranger(keeping)
        async with keeping.db.transaction() as tx:
            await tx.execute(delete(TARGETS).where(TARGETS.c.target == STRANGER))
        for _ in range(2):
            await world.round(minutes=10)
        found = {(alarm.what, alarm.about) for alarm in await world.alarms()}
        assert ("target-not-planned", STRANGER) in found
        assert "books-differ" in {what for what, _ in found}


async def test_a_target_that_comes_back_after_its_deletion_is_found(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        (row, *_) = [dict(one) for one in await keeping.db.rows(select(TARGETS))]
        await keeping.agree("delivery-detail", BEFORE)
        await keeping.work()
        assert (await walk.recounted(keeping.db))[1] == []
        async with keeping.db.transaction() as tx:
            await tx.execute(TARGETS.insert().values(**row))
        (found,) = (await walk.recounted(keeping.db))[1]
        assert (found.what, found.expected, found.found) == ("books-differ", "none", "a row")
