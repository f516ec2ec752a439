"""A vendor's view: curl alone leases, reports, sends receipts and watches."""

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from contracts.values import Mode
from services.kit.clock import SystemClock
from tests.channels.pull.gateways.replica import a_replica, block_of, issue_keys, until
from tests.channels.pull.gateways.requests import Requests, phones

LEASE = """curl -s -X POST $URL/leases -H "Authorization: Bearer $KEY" -H 'Content-Type: application/json' \
  -d '{"max_batches": 1, "wait_s": 20}'"""
EXTEND = """curl -s -X POST $URL/leases/$LEASE:extend -H "Authorization: Bearer $KEY" """
REPORT = """curl -s -X POST $URL/leases/$LEASE:report -H "Authorization: Bearer $KEY" \
  -H 'Idempotency-Key: report-1' \
  -d '{"state": "ACCEPTD", "exceptions": [{"number": "13900230000", "state": "UNDELIV"}]}'"""
RECEIPTS = """curl -s -X POST $URL/receipts -H "Authorization: Bearer $KEY" \
  -d '{"receipts": [{"delivery_id": "'$DELIVERY'", "number": "13900230001", "state": "DELIVRD",
       "at": "2026-06-01T22:05:00+08:00"}]}'"""
HALTS = """curl -s "$URL/halts?after=0&wait=1" -H "Authorization: Bearer $KEY" """
STATUS = """curl -s $URL/status -H "Authorization: Bearer $KEY" -H 'Accept: text/plain'"""


async def test_curl_is_gateway_enough(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is missing: apt-get install curl brings it")
    async with a_replica(sqlite_url, clean_nats_url, tmp_path) as replica:
        keys, district = issue_keys("cmcc")
        batch = Requests(replica.floor.crypto, SystemClock()).batch(phones(3))
        await replica.publish(block_of(replica, district), batch)
        env = {"URL": f"{replica.url}/api/v1/gateways/cmcc", "KEY": keys["cmcc"][Mode.LIVE]}

        async def known() -> bool:
            return "last_halt" in await _run(STATUS, env)

        await until(known)
        (item,) = json.loads(await _run(LEASE, env))["data"]
        env |= {"LEASE": item["lease"], "DELIVERY": item["delivery_id"]}
        assert json.loads(await _run(EXTEND, env))["lease_until"] >= item["lease_until"]
        assert json.loads(await _run(REPORT, env))["tally"] == {"sent": 2, "failed": 1}
        assert json.loads(await _run(RECEIPTS, env))["taken"] == 1
        assert json.loads(await _run(HALTS, env))["data"] == []
        assert (await replica.tallies())[env["DELIVERY"]] == {"sent": 1, "failed": 1, "received": 1}


async def _run(line: str, env: dict[str, Any]) -> str:
    process = await asyncio.create_subprocess_shell(
        line, env=env | {"PATH": "/usr/bin:/bin"}, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return said.decode()
