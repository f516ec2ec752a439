"""Stations send characters that nobody sees: refused by field on either database, and not kept."""

import base64
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from uuid import uuid4

import httpx
from sqlalchemy import select

from services.channels.pull.stations.store.tables import EARLY, ITEMS
from tests.channels.pull.stations_make import a_notice, a_replica, a_request, codes

(ONE,) = codes(1)
AT = "2026-06-01T22:05:01+08:00"


ODD = ("\x00", "\u202e", "\u2066", "\x1b")


async def test_the_name_of_whoever_confirms_is_a_line_that_can_be_read(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with a_replica(database_url, clean_nats_url, tmp_path) as house:
        await house.enrol([ONE])
        notice = a_notice(expires=datetime.now(UTC) + timedelta(hours=6))
        await house.ask(a_request([ONE], uuid4(), notice=notice))
        early = {"warning_id": str(uuid4()), "revision": 1}
        async with httpx.AsyncClient(base_url=house.url, headers=house.bearer(ONE)) as http:
            for odd, what in product(ODD, ({"sequence": 1}, early)):
                report = {**what, "fact": "confirmed", "at": AT, "by": f"王{odd}芳"}
                reply = await http.post(f"/api/v1/stations/{ONE}/reports", json={"reports": [report]})
                assert reply.status_code == 422, reply.text
                (fault,) = reply.json()["errors"]
                assert fault["field"] == "body.reports.0.by"
                assert fault["mend"]
        (item,) = await house.db.rows(select(ITEMS))
        assert (item["confirmed_by"], await house.db.rows(select(EARLY))) == (None, [])


async def test_a_cursor_with_hidden_characters_is_no_cursor(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with a_replica(database_url, clean_nats_url, tmp_path) as house:
        await house.enrol([ONE])
        desk = {"Authorization": f"Bearer {house.floor.keys.active('internal')[1].decode()}"}
        async with httpx.AsyncClient(base_url=house.url, headers=desk) as http:
            for after in (base64.urlsafe_b64encode(b"\x00\x00").decode(), "a\x00b", "é"):
                reply = await http.get("/api/v1/stations", params={"after": after})
                assert reply.status_code == 422, (after, reply.text)
                assert reply.json()["mend"]
            good = base64.urlsafe_b64encode(b"5001").decode()
            found = (await http.get("/api/v1/stations", params={"after": good})).json()
            assert [one["code"] for one in found["data"]] == [ONE]
