"""The standing test: a drill by the real road, as often as is set, to stations only, and never twice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.fact import Fact
from contracts.values import Channel, Mode
from contracts.warning import WarningIssued
from services.issuer.actions import beating
from services.issuer.model import State
from services.kit.errors import Retry
from tests.issuer.issuer_make import Office
from tests.issuer.reach_make import TOWNS

DAY = timedelta(hours=24)


def a_heart(office: Office) -> beating.Heart:
    """Return what beats once a day in the towns of the office."""

    async def towns() -> tuple[str, ...]:
        return TOWNS

    return beating.Heart(office.press, office.reach, towns, DAY)


async def issued(office: Office) -> list[WarningIssued]:
    return list(await office.said(WarningIssued))


async def test_it_goes_out_as_a_drill_to_stations_in_its_own_words(office: Office) -> None:
    warning = await beating.beat(office.db, a_heart(office))
    assert warning is not None
    assert warning.state is State.ISSUED
    (told,) = await issued(office)
    assert told.mode is Mode.DRILL
    assert "通路测试" in told.notice.text.short
    assert told.notice.text_en is not None
    ways = office.catalogue.products.get("signal").ways
    left = {left.channel for left in warning.content.left_out}
    assert set(ways) - left == {Channel.STATION, Channel.FEED}


async def test_it_goes_out_again_after_its_time_and_not_before(office: Office) -> None:
    heart = a_heart(office)
    assert await beating.beat(office.db, heart) is not None
    office.clock.move(hours=23, minutes=59)
    assert await beating.beat(office.db, heart) is None
    office.clock.move(minutes=1)
    assert await beating.beat(office.db, heart) is not None
    assert len(await issued(office)) == 2


async def test_what_a_dead_process_left_behind_is_given_up_and_it_goes_out_anew(office: Office) -> None:
    heart = a_heart(office)
    wish = beating._wish(heart, TOWNS, office.clock.now())
    left = await beating.draft(
        office.db,
        office.catalogue,
        office.reach,
        mode=Mode.DRILL,
        wish=wish,
        by=beating.WRITER,
        signature=office.press.signature,
    )
    assert await beating.beat(office.db, heart) is not None
    assert await office.states(left.warning_id) == [State.REJECTED]
    assert len(await issued(office)) == 1


async def test_where_a_drill_stands_that_says_the_same_it_is_left_out_and_that_is_a_fact(
    office: Office,
) -> None:
    await office.issued(Mode.DRILL, hazard="11B03")
    assert await beating.beat(office.db, a_heart(office)) is None
    (fact,) = [fact for fact in await office.said(Fact) if fact.kind == "heartbeat.skipped"]
    assert fact.mode is Mode.DRILL
    assert len(await issued(office)) == 1


async def test_while_nobody_knows_the_towns_nothing_is_begun(office: Office) -> None:
    async def towns() -> tuple[str, ...]:
        return ()

    assert await beating.beat(office.db, replace(a_heart(office), towns=towns)) is None
    assert await issued(office) == []


async def test_a_router_that_is_away_puts_it_off(office: Office) -> None:
    class Away:
        async def preview(self, *_: object, **__: object) -> None:
            raise Retry("the router does not answer")

    heart = replace(a_heart(office), reach=Away())  # type: ignore[arg-type]
    with pytest.raises(Retry):
        await beating.beat(office.db, heart)
    assert await issued(office) == []
