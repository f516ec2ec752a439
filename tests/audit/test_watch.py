"""The audit reconciles by itself: what differs becomes an alarm, and only a new comparison ends it."""

from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, event, update

from contracts.message import Message
from contracts.outcome import TargetState
from contracts.values import Channel, Lane, Level, Mode
from services.audit.actions import alarms, look, sign, watch
from services.audit.issuer import Issued
from services.audit.store.alarm_tables import LOOKS, WALKS
from services.audit.store.tables import DELIVERIES, NODES, PLANS, RECORDS, REVISIONS
from services.kit.errors import NotFound, Refused
from services.kit.leadership import Leadership, LostLead
from tests.audit.audit_make import AWarning, a_fact
from tests.audit.watch_make import Watching, watching

One = TargetState


def without(
    warning: AWarning, verb: str, channel: Channel | None = None
) -> tuple[list[Message], list[Message]]:
    """Return what is said of a warning, and what of it got lost."""
    said = warning.whole()
    lost = [m for m in said if m.verb == verb and channel in (None, getattr(m, "channel", None))]
    return [m for m in said if m not in lost], lost


async def test_what_adds_up_raises_no_alarm_and_is_left_alone_when_it_is_settled(
    database_url: str, tmp_path: Path
) -> None:
    async with watching(database_url, tmp_path) as world:
        warning = AWarning()
        await world.say(*warning.whole())
        first = await world.round(seconds=5)
        assert (first.warnings, first.found, first.standing) == (1, 0, 0)
        await world.round(hours=7)
        assert await world.alarms(standing=None) == []
        async with world.book.db.read() as connection:
            settled = (await connection.execute(LOOKS.select())).mappings().one()
        assert settled["due_at"] is None, "nobody's patience can run out any more"


async def test_what_got_lost_raises_an_alarm_that_ends_when_it_is_said_again(
    database_url: str, tmp_path: Path
) -> None:
    async with watching(database_url, tmp_path) as world:
        said, (plan,) = without(AWarning(), "made")
        await world.say(*said[:1])
        await world.round(seconds=30)
        assert await world.whats() == [], "what is young is on its way"
        await world.round(seconds=40)
        assert await world.whats() == ["plan-missing"]
        assert await world.facts() == [("difference.found", 1)]
        (told,) = await world.told()
        assert (told.owner, told.what, told.lane, told.time) == ("router", "plan-missing", Lane.URGENT, 1)
        await world.say(plan, *said[1:])
        await world.round(seconds=5)
        assert await world.whats() == []
        assert await world.whats(standing=False) == ["plan-missing"]
        assert await world.facts() == [("difference.found", 1), ("difference.ended", 1)]


async def test_a_standing_alarm_is_told_ever_more_rarely_and_the_next_owner_as_well(
    database_url: str, tmp_path: Path
) -> None:
    async with watching(database_url, tmp_path) as world:
        await world.say(AWarning().published())
        await world.round(seconds=61)
        told = {0: [("router", 1)]}
        for minute in range(1, 140):
            before = len(await world.told())
            await world.round(minutes=1)
            new = (await world.told())[before:]
            if new:
                told[minute] = [(one.owner, one.time) for one in new]
        assert list(told) == [0, 1, 6, 21, 81]
        assert told[1] == [("router", 2), ("issuer", 2)]
        stands = [count for kind, count in await world.facts() if kind == "difference.stands"]
        assert stands == [1, 1, 1, 1]


async def test_many_alike_are_told_together(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        warning = AWarning()
        said, _ = without(warning, "reported")
        await world.say(*said)
        await world.round(seconds=61)
        assert await world.whats() == ["delivery-silent"] * 3
        assert {(t.owner, t.deliveries) for t in await world.told()} == {
            (channel.value, (warning.delivery_id(channel),))
            for channel in (Channel.STATION, Channel.BROADCAST, Channel.SMS)
        }


async def test_a_yellow_drill_is_told_in_its_own_mode_and_lane(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        await world.say(AWarning(mode=Mode.DRILL, level=Level.YELLOW).published())
        await world.round(seconds=61)
        (told,) = await world.told()
        assert told.subject == "yutian.drill.difference.v1.told.router.routine"


async def test_what_is_in_flight_is_no_false_alarm(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        said = AWarning().whole()
        await world.say(said[0])
        world.stream.more = len(said) - 1
        await world.round(days=1)
        assert await world.alarms(standing=None) == [], "the plan lies in the stream since yesterday"
        world.clock.move(days=-1)
        await world.say(*said[1:])
        world.stream.more = 0
        await world.round(days=1)
        assert await world.alarms(standing=None) == []


async def test_an_acknowledged_alarm_is_said_no_more_and_stands_until_it_is_gone(
    database_url: str, tmp_path: Path
) -> None:
    async with watching(database_url, tmp_path) as world:
        warning = AWarning()
        await world.say(warning.published())
        await world.round(seconds=61)
        (alarm,) = await world.alarms()
        await alarms.acknowledge(world.book.db, UUID(alarm.alarm_id), "sun", "the router is being mended")
        with pytest.raises(Refused, match="already"):
            await alarms.acknowledge(world.book.db, UUID(alarm.alarm_id), "sun", "again")
        with pytest.raises(NotFound):
            await alarms.acknowledge(world.book.db, warning.warning_id, "sun", "nothing")
        for _ in range(10):
            await world.round(minutes=10)
        kinds = [kind for kind, _ in await world.facts()]
        assert kinds == ["difference.found", "difference.acknowledged"]
        assert len(await world.told()) > 1, "its owner is told all the same"
        (alarm,) = await world.alarms()
        assert (alarm.acknowledged_by, alarm.acknowledged_why) == ("sun", "the router is being mended")
        await world.say(*warning.whole()[1:])
        await world.round(seconds=5)
        assert await world.whats() == []


async def test_books_that_vanish_end_no_alarm(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        await world.say(AWarning().published())
        await world.round(seconds=61)
        async with world.book.db.transaction() as tx:
            for table in (REVISIONS, PLANS, DELIVERIES):
                await tx.execute(delete(table))
        for _ in range(3):
            await world.round(minutes=2)
        found = await world.whats()
        assert found[0] == "plan-missing", "it was not compared again, and so it stands"
        assert found[1:] == ["books-differ"], "the records have a revision that the books have not"


async def test_a_silent_issuer_ends_nothing_and_is_an_alarm_of_its_own(
    database_url: str, tmp_path: Path
) -> None:
    async with watching(database_url, tmp_path) as world:
        warning, other = AWarning(), AWarning()
        world.desk.issued = [Issued(str(w.warning_id), 1, world.clock.at) for w in (warning, other)]
        await world.round(seconds=61)
        assert await world.whats() == ["issued-unheard"] * 2
        assert {told.owner for told in await world.told()} == {"issuer"}
        world.desk.away = True
        silent = await world.round(minutes=2)
        assert not silent.issuer
        assert sorted(await world.whats()) == ["issued-unheard", "issued-unheard", "issuer-silent"]
        world.desk.away, world.desk.issued = False, []
        await world.round(minutes=2)
        assert await world.whats() == ["issued-unheard"] * 2, "that the issuer forgot it proves nothing"
        await world.say(*warning.whole())
        await world.round(seconds=5)
        assert await world.whats() == ["issued-unheard"]
        await world.say(*other.whole())
        await world.round(seconds=5)
        assert await world.whats() == []


async def test_everything_ever_issued_is_walked_over_page_by_page(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        old = [AWarning() for _ in range(7)]
        world.desk.issued = [Issued(str(w.warning_id), 1, world.clock.at - timedelta(days=300)) for w in old]
        for count in (2, 4, 6, 7, 7):
            await world.round(seconds=5)
            assert len(await world.alarms()) == count


async def test_a_round_looks_at_so_many_and_urgent_ones_first(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path, most=2) as world:
        calm = [AWarning(level=Level.BLUE) for _ in range(8)]
        await world.say(*(one.published() for one in calm))
        for _ in range(5):
            await world.round(seconds=1)
        red = AWarning()
        await world.say(*red.whole(), *(m for one in calm for m in one.whole()[1:-1]))
        done = await world.round(seconds=1)
        assert done.warnings <= 2 + watch.WALKED
        async with world.book.db.read() as connection:
            looked = (await connection.execute(LOOKS.select())).mappings().all()
        due = {row["warning_id"] for row in looked if row["due_at"] and row["due_at"] <= world.clock.at}
        assert str(red.warning_id) not in due
        assert due, "the others wait for the next round"


async def test_all_warnings_are_walked_over_though_nothing_is_new(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        known = [AWarning() for _ in range(12)]
        for one in known:
            await world.say(*one.whole())
        for _ in range(3):
            await world.round(hours=7)
        assert await world.alarms(standing=None) == []
        async with world.book.db.transaction() as tx:
            mine = DELIVERIES.c.warning_id == str(known[4].warning_id)
            await tx.execute(update(DELIVERIES).where(mine).values(tally={"received": 99}))
        for _ in range(4):
            await world.round(seconds=5)
        assert {"tally-differs"} <= set(await world.whats()) <= {"tally-differs", "books-differ"}


async def test_a_forged_record_is_found_by_the_walk_and_only_a_new_look_ends_it(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "STRETCH", 256)
    monkeypatch.setattr(watch, "STRETCH", 256)
    async with watching(database_url, tmp_path) as world:
        await world.say(*(a_fact(n) for n in range(900)))
        for _ in range(4):
            await world.round(seconds=5)
        assert await world.alarms(standing=None) == []
        (row,) = await world.book.db.rows(RECORDS.select().where(RECORDS.c.position == 300))
        async with world.book.db.transaction() as tx:
            there = update(RECORDS).where(RECORDS.c.position == 300)
            await tx.execute(there.values(payload=b"forged"))
        for _ in range(4):
            await world.round(seconds=5)
        (alarm,) = await world.alarms()
        assert (alarm.what, alarm.about) == ("ledger-broken", "record 300")
        async with world.book.db.transaction() as tx:
            await tx.execute(delete(WALKS))
        await world.round(seconds=5)
        assert await world.whats() == ["ledger-broken"], "a walk that begins anew ends nothing"
        async with world.book.db.transaction() as tx:
            await tx.execute(there.values(payload=row["payload"]))
        await world.round(seconds=5)
        assert await world.whats() == []


@pytest.mark.parametrize("harm", ["leaf", "chain", "tile", "gone", "head"])
async def test_whatever_is_changed_behind_our_back_is_named(
    database_url: str, tmp_path: Path, harm: str
) -> None:
    async with watching(database_url, tmp_path) as world:
        await world.say(*(a_fact(n) for n in range(300)))
        await sign.head(world.book.db, world.book.signer)
        await world.round(seconds=5)
        assert await world.alarms(standing=None) == []
        there = RECORDS.c.position == 7
        act: dict[str, Any] = {
            "leaf": update(RECORDS).where(there).values(leaf_hash=bytes(32)),
            "chain": update(RECORDS).where(there).values(chain=bytes(32)),
            "tile": update(NODES).values(hash=bytes(32)),
            "gone": delete(RECORDS).where(there),
            "head": delete(RECORDS).where(RECORDS.c.position > 290),
        }
        async with world.book.db.transaction() as tx:
            await tx.execute(act[harm])
        await world.round(seconds=5)
        whats = {
            "leaf": {"ledger-broken"},
            "chain": {"ledger-broken"},
            "tile": {"ledger-broken"},
            "gone": {"ledger-count"},
            "head": {"ledger-broken", "ledger-count"},
        }
        assert set(await world.whats()) == whats[harm]


async def test_who_has_lost_the_lead_raises_and_ends_nothing(database_url: str, tmp_path: Path) -> None:
    async with watching(database_url, tmp_path) as world:
        await world.say(AWarning().published())
        await world.lead()
        other = Leadership(world.book.db, "me")
        async with world.book.db.transaction() as tx:
            await other._claim_in(tx, watch.LEASE)
        with pytest.raises(LostLead):
            await world.round(seconds=61)
        assert await world.alarms(standing=None) == []


async def test_what_a_round_reads_does_not_grow_with_the_ledger(sqlite_url: str, tmp_path: Path) -> None:
    async with watching(sqlite_url, tmp_path) as world:
        steps = []
        for size in (3000, 3000):
            await world.say(*(a_fact(n) for n in range(size)))
            for _ in range(3):
                await world.round(seconds=5)
            steps.append(await _statements(world))
        assert steps[0] == steps[1]
        assert not any("count(*)" in one.lower() and "from records" in one.lower() for one in steps[1])


async def _statements(world: Watching) -> list[str]:
    """Return what a round asks the database."""
    asked: list[str] = []

    def note(_c: Any, _u: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = world.book.db.reader.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        await world.round(seconds=5)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return sorted(set(asked))
