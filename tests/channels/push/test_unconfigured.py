"""A partner that is not set up here is said once and no alarm; one set up badly is one each time."""

from pathlib import Path

from structlog.testing import capture_logs

from contracts.outcome import TargetState
from services.channels.push.adapter import Unconfigured, Unset
from services.kit.errors import Problem
from tests.channels.push.push_make import START, Scripted, a_push_house, a_request, some_crypto
from tests.clock import HandClock


async def levels(url: str, folder: Path, *problems: Problem) -> list[str]:
    """Return the levels at which putting off is logged, when the partner answers so."""
    adapter = Scripted()
    adapter.sends = [[problem] for problem in problems]
    async with a_push_house(url, adapter, some_crypto(folder), HandClock(START)) as house:
        await house.take(a_request())
        with capture_logs() as said:
            await house.work(600)
        assert len(adapter.jobs) >= len(problems)
        assert (await house.tally(a_request())).get(TargetState.FAILED, 0) == 0
    return [line["log_level"] for line in said if line["event"] in ("attempt put off", "nothing goes out")]


async def test_a_partner_that_is_not_configured_is_told_once(sqlite_url: str, tmp_path: Path) -> None:
    unused = [Unconfigured("the platform is not configured", after=1) for _ in range(4)]
    assert await levels(sqlite_url, tmp_path, *unused) == ["info"]


async def test_what_an_operator_must_mend_is_loud_each_time(sqlite_url: str, tmp_path: Path) -> None:
    wrong = [Unset("the platform refuses our key", after=1) for _ in range(2)]
    assert await levels(sqlite_url, tmp_path, *wrong) == ["error", "error"]
