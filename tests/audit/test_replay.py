"""Replay: what each place had come to at any moment, folded from the times of its states."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outcome import TargetState
from contracts.values import Channel
from services.audit.model.deliveries import Target
from services.audit.model.replay import (
    MOST_MOMENTS,
    Shown,
    Track,
    by_town,
    counts,
    moments,
    place_of,
    track,
)
from services.kit.clock import microseconds
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, STATIONS, TOWN, AWarning, outcome

SILENT = timedelta(seconds=600)


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


def a_track(**after_s: float) -> Track:
    """Return the track of a station that came to these states so many seconds after the approval."""
    times = {state: microseconds(NOON + timedelta(seconds=s)) for state, s in after_s.items()}
    return track(Target("w", 1, "station", STATIONS[0], times=times), NOON, SILENT)


def test_a_place_shows_the_furthest_state_that_it_had_come_to() -> None:
    found = a_track(queued=0.1, received=2, played=5, confirmed=40)
    told = [(0, Shown.WAITING), (2000, Shown.RECEIVED), (5000, Shown.PLAYED), (40_000, Shown.CONFIRMED)]
    assert list(found.changes) == told
    assert [found.at(ms) for ms in (-1, 0, 1999, 2000, 39_999, 10**9)] == [
        *(Shown.ABSENT, Shown.WAITING, Shown.WAITING, Shown.RECEIVED, Shown.PLAYED, Shown.CONFIRMED),
    ]


def test_who_has_said_nothing_for_ten_minutes_is_silent_until_he_speaks() -> None:
    assert list(a_track(queued=1).changes) == [(0, Shown.WAITING), (600_000, Shown.SILENT)]
    late = a_track(received=900)
    assert [late.at(s * 1000) for s in (599, 601, 901)] == [Shown.WAITING, Shown.SILENT, Shown.RECEIVED]
    assert a_track(sent=700).at(800_000) is Shown.SILENT, "that it was sent is no sign of life"
    assert a_track(failed=3).at(10**9) is Shown.FAILED


def test_a_late_word_of_an_earlier_state_takes_nothing_back() -> None:
    assert a_track(confirmed=3, received=9).at(10_000) is Shown.CONFIRMED


@given(st.dictionaries(st.sampled_from([s.value for s in TargetState]), st.integers(-60, 100_000)))
def test_the_end_of_a_replay_is_the_state_of_the_account(after_s: dict[str, int]) -> None:
    found = a_track(**{state: float(s) for state, s in after_s.items()})
    furthest = max((TargetState(s) for s in after_s), key=lambda s: s.rank, default=TargetState.REQUESTED)
    shown = found.at(10**12)
    assert shown is Shown.SILENT if furthest.rank <= TargetState.SENT.rank else shown is not Shown.SILENT
    assert sorted(found.changes) == list(found.changes)
    assert len({ms for ms, _ in found.changes}) == len(found.changes)


@given(st.lists(st.integers(0, 10**9), max_size=3000), st.integers(0, 10**9))
def test_a_slider_has_few_steps_from_the_approval_to_the_end(changes: list[int], end: int) -> None:
    tracks = [Track("t", None, ((ms, Shown.RECEIVED),)) for ms in changes]
    found = moments(tracks, end)
    assert len(found) <= MOST_MOMENTS
    assert found[0] == 0
    assert found[-1] >= max([end, *changes])


def test_a_target_lies_in_a_village_a_town_or_nowhere() -> None:
    assert place_of("500110001001") == "500110001001"
    assert place_of("500110001000") == "500110001"
    assert place_of("cmcc-1:500110001000") == "500110001"
    assert place_of("K500110001") is place_of("feed") is None
    tracks = [Track(t, place_of(t), ()) for t in ("feed", STATIONS[1], STATIONS[0])]
    assert {town: [t.target for t in told] for town, told in by_town(tracks).items()} == {
        TOWN: [STATIONS[0], STATIONS[1]],
        "": ["feed"],
    }
    assert sum(counts(tracks, 0).values()) == 0


async def test_the_api_tells_every_change_and_counts_for_a_moment(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(*warning.whole())
    path = f"/warnings/{warning.warning_id}/outcomes"
    found = await audit.json(path, at="2026-06-01T12:00:03")
    assert {state: n for state, n in found["counts"].items() if n} == {"waiting": 2, "received": 1}
    assert found["at"] == "2026-06-01T12:00:03+08:00"
    told = {one["target"]: one["changes"] for one in found["tracks"]}
    assert told[STATIONS[0]] == [[0, "waiting"], [2000, "received"], [40_000, "confirmed"]]
    assert found["moments"] == [0, 2000, 4000, 40_000, 60_000]
    later = await audit.json(path, at="2026-06-01T04:01:00Z")
    assert {s: n for s, n in later["counts"].items() if n} == {"received": 1, "confirmed": 1, "failed": 1}
    town = await audit.json(path, channel="broadcast")
    assert [(t["place"], t["changes"][-1]) for t in town["tracks"]] == [(TOWN, [9000, "played"])]
    assert found["choices"] == [[1, "broadcast"], [1, "station"]]
    facts = [fact for fact in await audit.facts() if fact["kind"] == "audit.queried"]
    assert len(facts) == 3, "every question is a fact"


async def test_the_api_refuses_what_it_does_not_know(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(*warning.whole())
    path = f"/api/v1/audit/warnings/{warning.warning_id}/outcomes"
    assert (await audit.get(path, revision=7)).status_code == 404
    assert (await audit.get(path, at="yesterday")).status_code == 422
    assert (await audit.get(path, "operator")).status_code == 403
    assert (await audit.get(f"/audit/warnings/{AWarning().warning_id}/map")).status_code == 404


async def test_the_steps_lead_from_the_plan_to_the_last_answer(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(*warning.whole())
    late = outcome(STATIONS[1], TargetState.CONFIRMED, 90, "钱")
    tally = {TargetState.CONFIRMED: 2, TargetState.FAILED: 1}
    await audit.book.say(warning.report(Channel.STATION, tally, [late]), warning.halted())
    found = (await audit.json(f"/warnings/{warning.warning_id}/steps"))["data"]
    told = [(s["lane"], s["what"], s["count"], s["after_s"]) for s in found if s["lane"] == "station"]
    assert told == [
        ("station", "asked", 3, 0.0),
        ("station", "first", 1, 2.0),
        ("station", "last", 2, 4.0),
        ("station", "answered", 1, 40.0),
        ("station", "answered-last", 2, 90.0),
    ]
    people = {(s["what"], s["who"]) for s in found if s["lane"] == "people"}
    assert people == {("warning.issued", "李、王"), ("warning.halted", "wang")}
    assert ("broadcast", "first", 1, 9.0) in [(s["lane"], s["what"], s["count"], s["after_s"]) for s in found]
