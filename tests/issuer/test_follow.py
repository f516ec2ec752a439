"""What rings, what changed, what is reviewed, handed over, announced and written afterwards."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from contracts.fact import Fact
from contracts.outcome import Outcome, TargetState
from contracts.values import Channel, Level, Mode
from contracts.warning import WarningIssued
from services.issuer import actions, store
from services.issuer.actions.announcing import announce_due
from services.issuer.actions.drifting import drift_of
from services.issuer.actions.ending import CLOCK
from services.issuer.actions.exercising import exercise
from services.issuer.actions.needing import steps_of
from services.issuer.actions.ringing import Why, rings
from services.issuer.actions.shift import shift
from services.issuer.model import Person, State, WeatherWarning
from services.issuer.model.afterwards import Hit, Told
from services.issuer.model.reviews import Cause, Verdict
from services.kit.clock import microseconds
from services.kit.errors import Forbidden, Invalid, Refused, Retry
from services.kit.outbox import OUTBOX
from tests.issuer.issuer_make import CHEN, LI, NOW, SUN, WANG, ZHANG, Office
from tests.issuer.test_actions import leading
from tests.issuer.test_consumers import a_plan, a_report, hear

STATIONS = ("500110110201", "500110110202", "500110111201", "500110111202")
ZHAO = Person("zhao", "赵静", frozenset({"town-desk"}))


async def facts(office: Office, kind: str) -> list[Fact]:
    return [fact for fact in await office.said(Fact) if fact.kind == kind]


async def published(office: Office) -> None:
    """Let the bus take everything that waits for it."""
    async with office.db.transaction() as tx:
        await tx.execute(update(OUTBOX).values(published_at=microseconds(office.clock.at)))


async def whys(office: Office, by: Person) -> list[str]:
    return [str(ring.why) for ring in await rings(office.db, office.catalogue, by)]


# What rings


async def test_a_draft_rings_for_those_who_may_approve_it_and_for_nobody_else(office: Office) -> None:
    await office.submitted(level=Level.RED)
    heard = {by.username: await whys(office, by) for by in (ZHANG, LI, WANG, CHEN, SUN, ZHAO)}
    waits = ["approval"]
    assert heard == {"zhang": [], "li": waits, "wang": waits, "chen": waits, "sun": [], "zhao": []}


async def test_what_the_bus_has_not_taken_is_not_yet_out(office: Office) -> None:
    warning = await office.issued()
    assert await whys(office, ZHANG) == []
    office.clock.move(seconds=3)
    assert await whys(office, ZHANG) == ["spooled"]
    (standing,) = (await shift(office.db, office.catalogue)).in_force
    assert standing.spooled_since == warning.updated_at
    await published(office)
    assert await whys(office, ZHANG) == []
    assert (await shift(office.db, office.catalogue)).in_force[0].spooled_since is None


# Expiry


async def test_the_end_is_announced_two_hours_and_half_an_hour_before_once_each(office: Office) -> None:
    warning = await office.issued(expires=NOW + timedelta(hours=6))
    await published(office)
    leadership = await leading(office)

    async def announced() -> int:
        return await announce_due(office.db, leadership, CLOCK, office.catalogue.promises)

    assert await announced() == 0
    for hours, expected in ((4, ["120"]), (1.5, ["120", "30"]), (0.1, ["120", "30"])):
        office.clock.move(hours=hours)
        await announced()
        await announced()
        told = [fact.detail["minutes"] for fact in await facts(office, "warning.runs-out-soon")]
        assert [str(minutes) for minutes in told] == expected
        assert await whys(office, ZHANG) == ["ending"]
    async with office.db.read() as connection:
        story = await store.events.of_warning(connection, warning.warning_id)
    assert [event.note for event in story if event.act == "runs out soon"] == ["120", "30"]


# The emergency flow


async def in_emergency(office: Office, level: Level = Level.RED) -> WeatherWarning:
    draft = await office.drafted(level=level)
    return await actions.submit(
        office.db, office.press, office.reach, draft.warning_id, ZHANG, emergency="暴雨已经发生"
    )


async def test_the_emergency_flow_needs_one_signer_and_never_the_drafter(office: Office) -> None:
    review = await in_emergency(office)
    assert steps_of(office.catalogue, review) == (frozenset({"signer"}),)
    with pytest.raises(Forbidden):
        await office.approve(review, LI)
    drafter_and_signer = Person("zhang", "张敏", frozenset({"drafter", "signer"}))
    with pytest.raises(Refused, match="whoever wrote"):
        await office.approve(review, drafter_and_signer)
    issued = await office.approve(review, WANG)
    assert issued.state is State.ISSUED
    assert issued.published is not None
    assert "紧急流程" in issued.published.cap_xml.decode()
    (said,) = await office.said(WarningIssued)
    assert said.notice.emergency
    assert (await facts(office, "warning.approved"))[0].detail["emergency"] == "暴雨已经发生"


@pytest.mark.parametrize("level", [Level.BLUE, Level.YELLOW])
async def test_colours_that_need_one_approval_anyway_have_no_emergency_flow(
    office: Office, level: Level
) -> None:
    with pytest.raises(Refused, match="no emergency flow"):
        await in_emergency(office, level)


async def test_a_returned_draft_goes_the_usual_way_again(office: Office) -> None:
    review = await in_emergency(office)
    await actions.send_back(office.db, office.press, review.warning_id, LI, "时间够")
    assert (await office.get(review.warning_id)).emergency == ""


async def test_what_few_decided_is_reviewed_by_somebody_who_had_no_part_in_it(office: Office) -> None:
    issued = await office.approve(await in_emergency(office), WANG)
    await actions.halt(office.db, office.catalogue, issued.warning_id, LI, "区域有误")
    state = await shift(office.db, office.catalogue)
    assert {looks.cause for looks in state.reviews} == set(Cause)
    key: tuple[Any, ...] = (office.db, office.catalogue, issued.warning_id, 1, Cause.HALT)
    for part in (ZHANG, WANG, LI):
        with pytest.raises(Forbidden, match="had part"):
            await actions.review(*key, part, verdict=Verdict.RIGHT, note="好")
    with pytest.raises(Forbidden):
        await actions.review(*key, SUN, verdict=Verdict.RIGHT, note="好")
    done = await actions.review(*key, CHEN, verdict=Verdict.FLAWED, note="应先核实")
    assert (done.by, done.verdict) == ("chen", Verdict.FLAWED)
    with pytest.raises(Refused, match="already"):
        await actions.review(*key, CHEN, verdict=Verdict.RIGHT, note="再来")
    assert [one.cause for one in (await shift(office.db, office.catalogue)).reviews] == [Cause.EMERGENCY]
    assert [fact.actor for fact in await facts(office, "warning.halt-reviewed")] == ["chen"]


async def test_an_overdue_review_rings_for_those_who_may_take_it(office: Office) -> None:
    issued = await office.issued()
    await published(office)
    await actions.halt(office.db, office.catalogue, issued.warning_id, LI, "区域有误")
    office.clock.move(hours=23)
    assert await whys(office, CHEN) == []
    office.clock.move(hours=2)
    assert await whys(office, CHEN) == ["review"]
    assert await whys(office, LI) == await whys(office, WANG) == []


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


# Drills


async def test_the_report_of_a_drill_counts_every_rate_over_all_stations(office: Office) -> None:
    warning = await office.issued(Mode.DRILL)
    await told(office, warning, STATIONS[:3])
    report = await exercise(office.db, office.catalogue, warning.warning_id)
    assert (report.reception.count, report.reception.of, report.reception.percent) == (3, 4, 75.0)
    assert (report.answered.count, report.answered.of) == (3, 4)
    assert [one.station for one in report.silent] == [STATIONS[3]]
    assert [(one.by, one.confirmed_s) for one in report.answers[:2]] == [("村干部1", 5.0), ("村干部2", 10.0)]
    assert [one.name for one in report.approvals] == ["王芳"]


async def test_there_is_no_exercise_report_of_what_is_real(office: Office) -> None:
    warning = await office.issued()
    with pytest.raises(Refused, match="no drill"):
        await exercise(office.db, office.catalogue, warning.warning_id)


# Afterwards


async def test_what_happened_is_kept_beside_the_warning_with_all_its_history(office: Office) -> None:
    issued = await office.issued()
    first = Told(Hit.HIT, "区域站", onset=NOW + timedelta(minutes=95), amounts="最大雨量 82.4 毫米")
    key: tuple[Any, ...] = (office.db, office.catalogue, issued.warning_id)
    written = await actions.write_afterwards(*key, ZHANG, first)
    assert written.lead(NOW) == timedelta(minutes=95)
    await actions.write_afterwards(*key, LI, Told(Hit.PARTLY, "灾情直报"))
    async with office.db.read() as connection:
        kept = await store.afterwards.of_warning(connection, issued.warning_id)
    assert [(one.number, one.by, one.told.verdict) for one in kept] == [
        (2, "li", Hit.PARTLY),
        (1, "zhang", Hit.HIT),
    ]
    assert kept[1].told == first
    assert await office.get(issued.warning_id) == issued
    assert [f.detail["number"] for f in await facts(office, "afterwards.written")] == [1, 2]


async def test_nothing_happened_after_what_never_went_out(office: Office) -> None:
    draft = await office.drafted()
    key: tuple[Any, ...] = (office.db, office.catalogue, draft.warning_id, ZHANG)
    with pytest.raises(Refused, match="has not gone out"):
        await actions.write_afterwards(*key, Told(Hit.MISS, "区域站"))


async def test_a_file_is_imported_whole_or_not_at_all_and_every_bad_line_is_named(office: Office) -> None:
    issued = await office.issued()
    assert issued.published is not None
    head = "warning,verdict,onset,ended,amounts,source,note\n"
    good = f"{issued.published.notice.identifier},hit,2026-06-11 15:20,,82.4 毫米,区域站,\n"
    known = issued.warning_id
    bad = f"{UUID(int=9)},hit,,,,区域站,\n{known},maybe,,,,区域站,\n{known},hit,x,,,y,\n"
    key: tuple[Any, ...] = (office.db, office.catalogue, ZHANG)
    with pytest.raises(Invalid) as refused:
        await actions.import_afterwards(*key, head + good + bad)
    assert {fault.field for fault in refused.value.faults} == {
        "line 3: warning",
        "line 4: verdict",
        "line 5: onset",
    }
    with pytest.raises(Invalid, match="lacks columns"):
        await actions.import_afterwards(*key, "a,b\n1,2\n")
    (written,) = await actions.import_afterwards(*key, head + good)
    assert written.imported
    assert written.told.onset == NOW + timedelta(minutes=75)
    rows = await office.db.rows(select(store.tables.AFTERWARDS))
    assert len(rows) == 1


async def test_rings_have_keys_that_are_new_once(office: Office) -> None:
    review = await office.submitted(level=Level.RED)
    (first,) = await rings(office.db, office.catalogue, WANG)
    assert first.why is Why.APPROVAL
    await office.approve(review, LI)
    (second,) = await rings(office.db, office.catalogue, WANG)
    assert second.key != first.key
