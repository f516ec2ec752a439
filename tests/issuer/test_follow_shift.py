"""What changed in the registry, what was said beside a warning, and who took over."""

from typing import Any

import pytest

from contracts.fact import Fact
from contracts.values import Channel, Mode
from services.issuer import actions, store
from services.issuer.actions.drifting import drift_of
from services.issuer.actions.shift import shift
from services.kit.errors import Forbidden, Refused, Retry
from tests.issuer.follow_make import ZHAO, facts, told
from tests.issuer.issuer_make import LI, SUN, WANG, ZHANG, Office
from tests.issuer.reports_make import STATIONS

# What changed in the registry


async def test_what_changed_in_the_registry_is_named_and_approval_stays_with_the_pinned_list(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = await office.submitted()
    found = await drift_of(office.reach, review)
    assert found is not None
    assert found.nothing
    grown = await office.reach.preview(
        Mode.LIVE,
        review.content.selection.model_copy(update={"towns": ("500110110", "500110112")}),
        pin=False,
    )

    async def preview(*_: Any, **__: Any) -> Any:
        return grown

    monkeypatch.setattr(office.reach, "preview", preview)
    found = await drift_of(office.reach, review)
    assert found is not None
    assert found.added == ("500110112201", "500110112202")
    assert found.removed == ("500110111201", "500110111202")
    assert {(one.channel, one.added, one.removed) for one in found.channels} == {
        (Channel.STATION, 2, 2),
        (Channel.CABLE, 1, 1),
    }
    issued = await office.approve(review, WANG)
    assert issued.manifest == review.manifest


async def test_a_router_that_is_away_is_said_so(office: Office) -> None:
    review = await office.submitted()
    office.reach.away = True
    with pytest.raises(Retry):
        await drift_of(office.reach, review)


# Comments


async def test_anybody_of_the_desk_comments_in_any_state_and_nothing_changes(office: Office) -> None:
    issued = await office.issued()
    await actions.comment(office.db, office.catalogue, issued.warning_id, None, LI, "雷达回波正在加强")
    assert await office.get(issued.warning_id) == issued
    assert [(f.actor, f.detail["note"]) for f in await facts(office, "warning.commented")] == [
        ("li", "雷达回波正在加强")
    ]
    for stranger in (SUN, ZHAO):
        with pytest.raises(Forbidden):
            await actions.comment(office.db, office.catalogue, issued.warning_id, None, stranger, "?")


# The change of shift


async def test_a_shift_is_signed_by_who_goes_and_by_who_comes(office: Office) -> None:
    await office.issued()
    await office.submitted()
    left = await actions.hand_over(office.db, office.catalogue, ZHANG, "关注赶水")
    assert (len(left.state.in_force), len(left.state.waiting)) == (1, 1)
    key: tuple[Any, ...] = (office.db, office.catalogue, left.handover_id)
    with pytest.raises(Forbidden, match="whoever goes"):
        await actions.take_over(*key, ZHANG, sha256=left.sha256)
    with pytest.raises(Refused, match="not the handover"):
        await actions.take_over(*key, LI, sha256="0" * 64)
    await actions.take_over(*key, LI, sha256=left.sha256, remark="已阅")
    with pytest.raises(Refused, match="already"):
        await actions.take_over(*key, WANG, sha256=left.sha256)
    async with office.db.read() as connection:
        (kept,) = await store.handovers.listed(connection, 10)
    assert (kept.goes, kept.comes, kept.note, kept.remark) == ("zhang", "li", "关注赶水", "已阅")
    assert kept.state == left.state
    assert [f.kind for f in await office.said(Fact) if f.kind.startswith("shift.")] == [
        "shift.left",
        "shift.taken",
    ]


async def test_silent_places_are_those_that_have_not_received_in_time(office: Office) -> None:
    warning = await office.issued()
    await told(office, warning, STATIONS[:3])
    assert (await shift(office.db, office.catalogue)).in_force[0].silent == ()
    office.clock.move(minutes=3)
    assert (await shift(office.db, office.catalogue)).in_force[0].silent == STATIONS[3:]
