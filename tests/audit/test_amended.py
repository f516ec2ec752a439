"""A plan that somebody amended adds up with what was added, and only with that."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from contracts.amendment import PlanAmended
from contracts.delivery import PlannedDelivery, delivery_id_of
from contracts.message import Message
from contracts.outcome import TargetState
from contracts.plan import ChannelTargets
from contracts.values import Channel
from contracts.warning import WarningCancelled
from services.audit.model.books import Books
from services.audit.model.differences import Patience, differences
from services.audit.store.amendment_tables import AMENDMENTS
from services.audit.store.tables import DELIVERIES, PLANS, TARGETS
from tests.audit.audit_make import NOON, AWarning
from tests.audit.ledger_make import a_ledger
from tests.audit.watch_make import watching

NEW = "500110001299"


def an_amendment(
    warning: AWarning,
    delivery_id: UUID,
    number: int = 1,
    channel: Channel = Channel.STATION,
    target: str = NEW,
) -> PlanAmended:
    """Return the decision that one more station is reached."""
    entry = ChannelTargets.named(channel, (target,))
    return PlanAmended(
        mode=warning.manifest.mode,
        lane=warning.plan().lane,
        warning_id=warning.warning_id,
        revision=1,
        number=number,
        at=NOON,
        by="wang",
        registry_version="ab" * 32,
        channels=(entry,),
        deliveries=(PlannedDelivery(delivery_id=delivery_id, channel=channel, size=1),),
    )


def an_account(warning: AWarning, delivery_id: UUID) -> list[Message]:
    """Return everything that is said of an amended warning until all of it is delivered."""
    station = next(r for r in warning.requests() if r.channel is Channel.STATION)
    done = [warning.report(c.channel, {TargetState.RECEIVED: c.count}) for c in warning.manifest.channels]
    mine = {"delivery_id": delivery_id, "targets": (NEW,)}
    last = next(r for r in done if r.channel is Channel.STATION)
    return [
        warning.published(),
        warning.plan(),
        *warning.requests(),
        *done,
        an_amendment(warning, delivery_id),
        station.model_copy(update=mine),
        last.model_copy(
            update={"delivery_id": delivery_id, "tally": {TargetState.RECEIVED: 1}, "outcomes": ()}
        ),
    ]


def names(said: list[Message]) -> set[str]:
    """Return what does not add up an hour later."""
    books = Books()
    for message in said:
        books.hear(message, NOON)
    late = Patience(NOON + timedelta(hours=1), timedelta(seconds=60))
    return {difference.what for difference in differences(books, late)}


def test_an_amended_plan_adds_up_also_when_the_plan_is_said_again() -> None:
    warning = AWarning()
    delivery_id = delivery_id_of(warning.warning_id, 1, Channel.STATION, "amendment-1/0")
    said = an_account(warning, delivery_id)
    assert names(said) == names([m for m in said if not _of(m, delivery_id)])
    assert "plan-twice" not in names([*said, warning.plan()])


def test_without_the_amendment_what_it_added_stands_in_no_plan() -> None:
    warning = AWarning()
    delivery_id = delivery_id_of(warning.warning_id, 1, Channel.STATION, "amendment-1/0")
    said = [m for m in an_account(warning, delivery_id) if not isinstance(m, PlanAmended)]
    assert {"delivery-not-planned", "target-not-planned"} <= names(said)


def _of(message: Message, delivery_id: UUID) -> bool:
    return isinstance(message, PlanAmended) or getattr(message, "delivery_id", None) == delivery_id


def _said() -> list[Message]:
    """Return what is said of a warning whose plan is amended three times, twice on a way it did not have."""
    warning = AWarning()
    added = [
        (1, Channel.STATION, NEW),
        (2, Channel.CABLE, "500110001000"),
        (3, Channel.CABLE, "500110002000"),
    ]
    more = [
        an_amendment(warning, _amended_id(warning, *one[:2]), number=one[0], channel=one[1], target=one[2])
        for one in added
    ]
    first = _amended_id(warning, 1, Channel.STATION)
    return [*an_account(warning, first), *more[1:], warning.cancelled()]


def _amended_id(warning: AWarning, number: int, channel: Channel) -> UUID:
    return delivery_id_of(warning.warning_id, 1, channel, f"amendment-{number}/0")


def _folded(said: Iterable[Message]) -> list[Any]:
    books = Books()
    for message in said:
        books.hear(message, NOON)
    return [dict(vars(books)[name]) for name in vars(books)]


SAID = _said()
STRAIGHT = _folded(SAID)


@given(st.permutations(range(len(SAID))), st.lists(st.integers(0, len(SAID) - 1), max_size=6))
def test_books_are_the_same_in_any_order_and_whatever_is_said_again(
    order: list[int], again: list[int]
) -> None:
    assert _folded(SAID[n] for n in [*order, *again]) == STRAIGHT


async def test_tables_are_the_same_when_the_plan_is_heard_after_its_amendments(
    database_url: str, tmp_path: Path
) -> None:
    tables = (PLANS, DELIVERIES, TARGETS, AMENDMENTS)
    found = []
    for name, said in (("one", SAID), ("two", SAID[::-1]), ("three", [*SAID, *SAID])):
        async with a_ledger(f"sqlite:///{tmp_path}/{name}/{{name}}.db", tmp_path) as book:
            for message in said:
                await book.say(message)
            rows = [await book.db.rows(select(t).order_by(*t.primary_key)) for t in tables]
            found.append([[{k: v for k, v in r.items() if k != "heard_at"} for r in some] for some in rows])
    assert found[0] == found[1] == found[2]
    (plan,) = found[0][0]
    assert plan["count"] == AWarning().manifest.count + 3
    assert plan["lines"]["cable"]["count"] == 2
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(*SAID[::-1])
        rows = [await book.db.rows(select(t).order_by(*t.primary_key)) for t in tables]
    assert [[{k: v for k, v in r.items() if k != "heard_at"} for r in some] for some in rows] == found[0]


async def test_a_plan_that_counted_its_amendments_before_they_were_kept_counts_them_once(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_ledger(sqlite_url, tmp_path) as book:
        await book.say(*SAID)
        before = await book.db.rows(select(PLANS))
        async with book.db.transaction() as tx:
            await tx.execute(delete(AMENDMENTS))
        await book.say(*(one for one in SAID if isinstance(one, PlanAmended)))
        assert await book.db.rows(select(PLANS)) == before
        assert len(await book.db.rows(select(AMENDMENTS))) == 3


async def test_an_amendment_that_was_lost_is_an_alarm_until_it_is_heard(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with watching(sqlite_url, tmp_path) as world:
        lost = [one for one in SAID if isinstance(one, PlanAmended)]
        kept = [one for one in SAID if one not in lost and not isinstance(one, WarningCancelled)]
        await world.say(*kept)
        await world.round(seconds=61)
        assert {"delivery-not-planned", "target-not-planned"} <= set(await world.whats())
        await world.say(lost[0])
        await world.round(seconds=61)
        assert not [what for what in await world.whats() if what.endswith("-not-planned")]
