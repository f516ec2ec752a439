"""Over HTTP: a terminal that has more than a restored house begins anew, and lacks nothing afterwards."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx

from services.channels.pull.stations.store import epochs
from tests.channels.pull.stations_make import a_notice, a_replica, a_request, codes
from tests.channels.pull.test_stations_epochs import set_back

(ONE,) = codes(1)


async def test_a_terminal_reads_on_over_a_restore(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    notice = a_notice(expires=datetime.now(UTC) + timedelta(hours=6))
    async with a_replica(database_url, clean_nats_url, tmp_path) as house:
        await house.enrol([ONE])
        path = f"/api/v1/stations/{ONE}"
        async with httpx.AsyncClient(base_url=house.url, headers=house.bearer(ONE)) as http:
            for _ in range(3):
                await house.ask(a_request([ONE], uuid4(), notice=notice))
            before = (await http.get(f"{path}/alerts?after=0")).json()
            assert (before["next"], before["epoch"]) == (3, 0)

            await set_back(house.db, 1)
            anew = (await http.get(f"{path}/alerts?after=3")).json()
            assert [item["sequence"] for item in anew["data"]] == [1]
            for _ in range(3):
                await house.ask(a_request([ONE], uuid4(), notice=notice))
            for after in (anew["next"], 3):
                late = (await http.get(f"{path}/alerts?after={after}")).json()
                assert len(late["data"]) == 3
                assert late["epoch"] == epochs.epoch_of(late["next"]) > 0
            clock = datetime.now(UTC).isoformat()
            sign = {"terminal": "t1", "seq": late["next"], "clock": clock}
            answer = (await http.post(f"{path}/heartbeat", json=sign)).json()
            assert (answer["epoch"], answer["behind"]) == (late["epoch"], False)
            async with http.stream("GET", f"{path}/stream?after={late['next']}") as stream:
                lines = stream.aiter_lines()
                hello = await anext(line async for line in lines if line.startswith("data:"))
            assert f'"epoch":{late["epoch"]}' in hello
