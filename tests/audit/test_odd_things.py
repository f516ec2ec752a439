"""Odd words and odd questions: one that nobody can use spoils nothing of what comes after it."""

from pathlib import Path

import orjson
import pytest

from services.audit.actions import observe
from services.audit.actions.observe import Onset
from services.kit.clock import from_microseconds
from services.kit.errors import Invalid
from tests.audit.api_make import asked
from tests.audit.audit_make import AWarning, a_fact
from tests.audit.report_make import about, address, fill

FAR = ("0001-01-01T00:00:00+08:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-12:00")


@pytest.mark.parametrize("when", FAR)
async def test_weather_of_another_age_spoils_no_report(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path, when: str
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        live, _ = await fill(audit)
        before = (await audit.json(address(live.warning_id)))["figures"]["said"]
        missed = {"hazard": "11B03", "level": "RED", "towns": [], "at": when, "observed_by": "x"}
        await audit.book.say(
            about(live, "onset.observed", 9999, onset=when, observed_by="x"),
            about(live, "afterwards.written", 9999, onset=when, verdict="hit"),
            a_fact(kind="event.missed", about="x", detail=missed),
        )
        assert (await audit.json(address(live.warning_id)))["figures"]["said"] == before
        assert (await audit.json("/months/2026-06"))["figures"]["missed"] == []


async def test_an_onset_of_another_age_is_not_taken(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        live, _ = await fill(audit)
        long_ago = from_microseconds(-62_000_000_000_000_000)
        with pytest.raises(Invalid) as refused:
            await observe.onsets(audit.book.db, [Onset(live.warning_id, long_ago, "雨量站")], "sun")
        assert [fault.why for fault in refused.value.faults] == ["lies too far back"]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
async def test_a_number_of_any_length_ends_no_export(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path, form: str
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        await audit.book.say(a_fact(kind="big.number", detail={"n": 2**70}), *AWarning().whole())
        reply = await audit.get(f"/api/v1/audit/exports/records.{form}")
        assert reply.status_code == 200
        assert str(2**70) in reply.text
        if form == "jsonl":
            assert orjson.loads(reply.text.splitlines()[-1])["end"]["rows"] > 10


@pytest.mark.parametrize("when", FAR)
async def test_moments_of_another_age_are_answered(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path, when: str
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        live, _ = await fill(audit)
        for path in (
            f"/api/v1/audit/warnings/{live.warning_id}/outcomes",
            f"/audit/warnings/{live.warning_id}/map",
        ):
            assert (await audit.get(path, at=when)).status_code < 500, path


async def test_a_position_beyond_all_numbers_is_refused(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        live, _ = await fill(audit)
        path = f"/api/v1/audit/warnings/{live.warning_id}/timeline"
        assert (await audit.get(path, after=2**63)).status_code == 422
