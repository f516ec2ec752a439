"""A gateway's performance: sums, waits and facts, in whatever order they are heard."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contracts.message import Message
from contracts.outcome import TargetState
from contracts.values import Channel, Mode
from services.audit.model.carried import SHORTEST_S, Sum, bucket, edge
from services.audit.store.questions_tables import CARRIED
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, AWarning, a_fact

ONE = TargetState


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


def carried(warning: AWarning) -> list[Message]:
    """Return what is said of five phones: the first lease runs out, the second brings an answer."""
    sms = [
        (1, {ONE.QUEUED: 5}, 1, None),
        (60, {ONE.SENT: 4, ONE.QUEUED: 1}, 2, 30),
        (100, {ONE.RECEIVED: 4, ONE.FAILED: 1}, 2, 30),
    ]
    told = []
    for after_s, tally, attempt, leased_s in sms:
        at = {"attempts": attempt, "leased_at": NOON + timedelta(seconds=leased_s)} if leased_s else {}
        report = warning.report(Channel.SMS, tally)
        told.append(report.model_copy(update={"at": NOON + timedelta(seconds=after_s), **at}))
    return [warning.published(), warning.plan(), *warning.requests(), *told]


async def test_a_gateway_is_measured_against_what_it_was_asked(audit: Asked) -> None:
    warning, silent, drill = AWarning(), AWarning(), AWarning(mode=Mode.DRILL)
    await audit.book.say(*carried(warning), silent.published(), *silent.requests(), *carried(drill))
    found = await audit.json("/gateways/cmcc-1")
    assert (found["first"], found["last"]) == ("2026-06-01", "2026-06-01")
    assert (found["carried"]["batches"], found["carried"]["targeted"]) == (2, 10)
    assert (found["carried"]["delivered"], found["carried"]["failed"], found["carried"]["open"]) == (4, 1, 5)
    assert found["carried"]["adds_up"]
    assert found["rates"]["answered"] == {"numerator": 1, "denominator": 2, "percent": 50.0}
    assert found["rates"]["received"] == {"numerator": 4, "denominator": 10, "percent": 40.0}
    assert found["rates"]["ran_out"] == {"numerator": 1, "denominator": 2, "percent": 50.0}
    assert found["rates"]["repeated"] == {"numerator": 1, "denominator": 1, "percent": 100.0}
    for name, seconds in {"leased": 30, "answered": 60, "closed": 100}.items():
        wait = found["waits"][name]
        assert wait["counted"] == 1
        assert seconds <= wait["p50_s"] + 0.05 <= seconds * 1.06
    assert {w["warning_id"] for w in found["warnings"]} == {str(w.warning_id) for w in (warning, silent)}
    (line,) = (await audit.json("/gateways"))["data"]
    assert (line["route"], line["carried"]["batches"], line["carried"]["targeted"]) == ("cmcc-1", 2, 10)
    assert (await audit.json("/gateways", mode="drill"))["data"][0]["carried"]["batches"] == 1


async def test_sums_are_the_same_in_every_order_and_heard_twice(audit: Asked) -> None:
    first = carried(AWarning())
    second = carried(AWarning())
    Random(7).shuffle(second)
    for message in first:
        await audit.book.say(message)
    await audit.book.say(*second, *first, second[0])
    rows = await audit.book.db.rows(CARRIED.select())
    sums = [{n: v for n, v in row.items() if n not in ("warning_id",)} for row in rows]
    assert len(sums) == 2
    assert sums[0] == sums[1]


async def test_what_waited_when_a_warning_ended_is_counted_as_never_sent(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(warning.published(), *warning.requests(), warning.halted())
    await audit.book.say(warning.report(Channel.SMS, {ONE.WITHDRAWN: 3, ONE.RECEIVED: 2}))
    found = await audit.json("/gateways/cmcc-1")
    assert (found["stops"]["targeted"], found["stops"]["withdrawn"]) == (5, 3)
    assert found["warnings"][0]["stopped"]


async def test_facts_of_a_gateway_are_counted_and_paged(audit: Asked) -> None:
    def told(kind: str, **more: Any) -> Message:
        return a_fact(kind=kind, about="cmcc-1", **more)

    odd = [told("gateway.starved", detail={"waiting_s": "?"}), told("gateway.maintenance", detail={})]
    late = [told("sms.reported-late", at=NOON + timedelta(seconds=n)) for n in range(5)]
    outside = told("gateway.starved", at=NOON - timedelta(days=40))
    await audit.book.say(*odd, *late, outside, told("gateway.starved", mode=Mode.DRILL), a_fact())
    found = await audit.json("/gateways/cmcc-1", limit=3)
    assert found["told"] == {"gateway.maintenance": 1, "gateway.starved": 1, "sms.reported-late": 5}
    seen = [fact["position"] for fact in found["facts"]]
    while found["facts_next"]:
        found = await audit.json("/gateways/cmcc-1", limit=3, after=found["facts_next"])
        seen += [fact["position"] for fact in found["facts"]]
    assert seen == [7, 6, 5, 4, 3, 2, 1]


async def test_an_area_order_is_its_gateways_too(audit: Asked) -> None:
    warning = AWarning()
    (request, *_) = (r for r in warning.requests() if r.channel is Channel.BROADCAST)
    order = request.model_copy(update={"channel": Channel.AREA, "targets": ("cucc-1:500110001000",)})
    await audit.book.say(order)
    found = await audit.json("/gateways/cucc-1")
    assert (found["channels"]["area"]["batches"], found["channels"]["area"]["targeted"]) == (1, 1)


async def test_an_unknown_gateway_and_strange_days_are_refused(audit: Asked) -> None:
    path = "/api/v1/audit/gateways"
    assert (await audit.get(f"{path}/nobody")).status_code == 404
    assert (await audit.get(f"{path}/13800000000 x")).status_code == 422
    for query in ({"from": "2026-07-01", "to": "2026-06-01"}, {"from": "1900-01-01"}, {"to": "no"}):
        assert (await audit.get(path, **query)).status_code == 422
    assert (await audit.get(f"{path}/nobody", after="nonsense")).status_code == 422
    assert (await audit.get(path, "drafter")).status_code == 403


async def test_pages_of_gateways_show(audit: Asked) -> None:
    await audit.book.say(*carried(AWarning()), a_fact(kind="gateway.starved", about="cmcc-1"))
    for path in ("/audit/gateways", "/audit/gateways/cmcc-1"):
        for query in ({"lang": "en"}, {"first": "2026-05-01", "to": "2026-06-30", "skip": 1, "lang": "zh"}):
            reply = await audit.get(path, **query)
            assert reply.status_code == 200, reply.text
            assert "cmcc-1" in reply.text
    assert (await audit.get("/audit/gateways", first="tomorrow")).status_code == 422


@pytest.mark.parametrize("seconds", [0, 0.05, 0.1, 1, 59.99, 300, 86_400, 10_000_000])
def test_a_bucket_is_at_most_five_percent_too_long(seconds: float) -> None:
    found = edge(bucket(seconds))
    assert max(seconds, SHORTEST_S) <= found * 1.000001
    assert found <= max(seconds, SHORTEST_S) * 1.0501


def test_percentiles_of_nothing_are_nothing() -> None:
    assert Sum().at_rank("answered", 0.5) is None
    assert Sum().within("answered", 300) == 0
