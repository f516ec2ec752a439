"""The API and the pages: who may ask, what is answered, and that the asking itself is a fact."""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import cast
from uuid import uuid4

import orjson
import pytest

from contracts.delivery import StationSeen
from contracts.registry import BLOCK_CONTEXT, BlockChanged
from contracts.values import Lane, Mode
from contracts.warning import WarningIssued
from services.audit.model import checkpoint, merkle
from services.audit.model.checkpoint import PublicKey
from services.audit.proof.verify import verify
from services.audit.store import ledger, questions
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, STATIONS, TOWN, AWarning, a_fact
from tests.clock import HandClock
from tests.databases import on_one_database


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


ACCOUNT = {"confirmed": 1, "delivered": 6, "failed": 2, "withdrawn": 0, "expired": 0, "open": 0}


async def test_the_account_of_a_warning_equals_its_manifest(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(*warning.whole())
    found = await audit.json(f"/warnings/{warning.warning_id}")
    assert (found["state"], found["adds_up"], found["approved_at"]) == (
        "in-force",
        True,
        "2026-06-01T12:00:00+08:00",
    )
    (revision,) = found["revisions"]
    assert revision["manifest_count"] == revision["total"]["targeted"] == 9
    assert {name: revision["total"][name] for name in ACCOUNT} == ACCOUNT
    lines = {line["channel"]: line for line in revision["channels"]}
    assert (lines["sms"]["targeted"], lines["sms"]["delivered"], lines["sms"]["failed"]) == (5, 4, 1)
    assert all(line["adds_up"] for line in revision["channels"])
    waits = {"p50_s": 2.0, "p95_s": 4.0, "max_s": 4.0, "early": 0}
    assert revision["stations"] == {"targeted": 3, "received": 2, **waits}
    assert [(p["code"], p["state"]) for p in revision["unreached"]] == [(STATIONS[2], "failed")]
    assert [(p["code"], p["state"]) for p in revision["unconfirmed"]] == [(STATIONS[1], "received")]


async def test_an_account_that_does_not_add_up_says_so(audit: Asked) -> None:
    warning = AWarning()
    whole = warning.whole()
    plan = warning.plan()
    whole[1] = plan.model_copy(update={"deliveries": plan.deliveries[1:]})
    without = [m for m in whole if getattr(m, "delivery_id", None) != plan.deliveries[0].delivery_id]
    await audit.book.say(*without)
    found = await audit.json(f"/warnings/{warning.warning_id}")
    assert not found["adds_up"]
    (line,) = [line for line in found["revisions"][0]["channels"] if not line["adds_up"]]
    assert (line["channel"], line["targeted"], line["deliveries"]) == ("broadcast", 1, 0)
    assert (await audit.json("/reconcile"))["adds_up"] is False


@on_one_database
async def test_everything_is_compared_a_stretch_at_a_time(audit: Asked) -> None:
    await audit.book.say(*AWarning().whole())
    after, parts = "", []
    while after is not None:
        stretch = await audit.json("/reconcile/stretches", after=after)
        assert (stretch["covers"], stretch["has_more"]) == ("stretch", stretch["next"] is not None)
        parts.append((stretch["part"], stretch["warnings"]))
        after = stretch["next"]
    assert parts == [("warnings", 1), ("issued", 0), ("records", 0), ("ledger", 0)]
    assert (await audit.get("/api/v1/audit/reconcile/stretches", after="nonsense")).status_code == 422
    new = await audit.json("/reconcile")
    assert (new["covers"], new["warnings"], new["everything_at"]) == ("lately", 1, None)
    assert {walk["name"] for walk in new["watch"]["walks"]} >= {"warnings", "ledger"}


async def test_revisions_and_ends_make_the_state(audit: Asked) -> None:
    warning, halted = AWarning(), AWarning()
    await audit.book.say(warning.cancelled(3), halted.halted())
    await audit.book.say(warning.published(), warning.updated(2), halted.published())
    found = await audit.json(f"/warnings/{warning.warning_id}")
    assert [(r["revision"], r["verb"], r["state"]) for r in found["revisions"]] == [
        (3, "cancelled", "cancelled"),
        (2, "updated", "cancelled"),
        (1, "issued", "updated"),
    ]
    assert (await audit.json(f"/warnings/{halted.warning_id}"))["state"] == "halted"


async def test_a_superseded_and_an_expired_warning_say_so(audit: Asked) -> None:
    old, new = AWarning(), AWarning()
    muted = [{"warning_id": old.warning_id, "revision": 1}]
    await audit.book.say(old.published(), new.published(WarningIssued, supersedes=muted))
    assert (await audit.json(f"/warnings/{old.warning_id}"))["state"] == "superseded"
    cast("HandClock", audit.book.db.clock).move(hours=7)
    assert (await audit.json(f"/warnings/{new.warning_id}"))["state"] == "expired"


async def test_warnings_are_listed_newest_first_by_cursor(audit: Asked) -> None:
    many = [AWarning() for _ in range(5)]
    drill = AWarning(mode=Mode.DRILL)
    for number, warning in enumerate([*many, drill]):
        await audit.book.say(*warning.whole(), at=NOON + timedelta(minutes=number))
    page = await audit.json("/warnings", limit=2, mode="live")
    ids = [line["warning_id"] for line in page["data"]]
    while page["has_more"]:
        page = await audit.json("/warnings", limit=2, mode="live", after=page["next"])
        ids += [line["warning_id"] for line in page["data"]]
    assert ids == [str(warning.warning_id) for warning in reversed(many)]
    assert page["data"][0]["total"]["targeted"] == 9
    everything = await audit.json("/warnings")
    assert len(everything["data"]) == 6
    assert (await audit.get("/api/v1/audit/warnings", after="nonsense")).status_code == 422


async def test_a_timeline_shows_every_record_in_order(audit: Asked) -> None:
    warning = AWarning()
    said = warning.whole()
    await audit.book.say(*said, a_fact(warning_id=str(warning.warning_id), kind="warning.approved"))
    path = f"/warnings/{warning.warning_id}/timeline"
    first = await audit.json(path, limit=7)
    second = await audit.json(path, limit=100, after=first["next"])
    assert [line["position"] for line in [*first["data"], *second["data"]]] == list(range(1, len(said) + 2))
    assert second["data"][-1]["kind"] == "warning.approved"
    assert second["data"][-1]["actor"] == "li"
    reports = await audit.json(path, kind="delivery.reported", channel="station")
    assert [line["detail"]["report"] for line in reports["data"]] == [1, 2]
    requested = await audit.json(path, kind="delivery.requested", channel="sms")
    assert requested["data"][0]["about"] == "cmcc-1"


async def test_a_station_has_its_year_with_its_rates(audit: Asked) -> None:
    crypto = audit.book.crypto
    block = {"kind": "village", "code": STATIONS[0], "name": "沱湾社区", "town_code": TOWN, "recipients": []}
    town = {"kind": "town", "code": TOWN, "name": "古南街道"}
    for name, body in ((STATIONS[0], block), (TOWN, town)):
        await audit.book.say(_block(name, crypto.seal(orjson.dumps(body), BLOCK_CONTEXT)))
    await audit.book.say(_block(STATIONS[1], b"not sealed by us at all"))
    late = AWarning()
    await audit.book.say(*AWarning().whole(), late.published(), late.plan(), *late.requests())
    await audit.book.say(
        StationSeen(mode=Mode.LIVE, lane=Lane.ROUTINE, station=STATIONS[0], presence="online", at=NOON)
    )
    found = await audit.json(f"/stations/{STATIONS[0]}", year=2026)
    assert found["name"] == "古南街道沱湾社区"
    assert found["reception"] == {"numerator": 1, "denominator": 2, "percent": 50.0}
    assert found["confirmation"] == {"numerator": 1, "denominator": 2, "percent": 50.0}
    assert {line["state"] for line in found["told"]} == {"confirmed", "requested"}
    assert next(line for line in found["told"] if line["confirmed_at"])["confirmed_by"] == "赵村长"
    assert [line["presence"] for line in found["presence"]] == ["online"]
    assert (await audit.json(f"/stations/{STATIONS[0]}", year=2025))["told"] == []
    assert (await audit.get("/api/v1/audit/stations/500110999999")).status_code == 404
    assert (await audit.get("/api/v1/audit/stations/13800000000")).status_code == 422


def _block(name: str, sealed: bytes) -> BlockChanged:
    body = base64.b64encode(sealed).decode()
    return BlockChanged(block=name, sha256=hashlib.sha256(sealed).hexdigest(), sealed=body, at=NOON)


async def test_every_record_is_proved_to_the_signed_head(audit: Asked) -> None:
    await audit.book.say(*(a_fact(n) for n in range(300)), *AWarning().whole())
    head = await audit.json("/head")
    assert head["tree_size"] == 311
    key = PublicKey(head["public_key"])
    for position in (1, 2, 256, 257, 300, 311):
        found = await audit.json(f"/records/{position}")
        signed = checkpoint.read(found["proof"]["checkpoint"])
        assert key.vouches(signed)
        leaf = found["leaf_text"].encode()
        assert bytes.fromhex(found["proof"]["leaf_hash"]) == merkle.leaf_hash(leaf)
        assert hashlib.sha256(bytes.fromhex(found["chain_before"]) + leaf).hexdigest() == found["chain"]
        path = [bytes.fromhex(h) for h in found["proof"]["path"]]
        assert merkle.included(merkle.leaf_hash(leaf), position - 1, 311, path, signed.head.root)
    assert (await audit.get("/api/v1/audit/records/312")).status_code == 404
    assert (await audit.get("/api/v1/audit/records/0")).status_code == 422


async def test_a_head_proves_that_the_ledger_only_grew(audit: Asked) -> None:
    await audit.book.say(*(a_fact(n) for n in range(100)))
    old = await audit.json("/head")
    assert old["consistency"] is None
    await audit.book.say(*(a_fact(n) for n in range(100, 333)))
    new = await audit.json("/head", since=100)
    path = [bytes.fromhex(h) for h in new["consistency"]["path"]]
    roots = bytes.fromhex(old["root"]), bytes.fromhex(new["root"])
    assert merkle.consistent(100, 333, path, *roots)
    assert (await audit.get("/api/v1/audit/head", since=334)).status_code == 422
    text = await audit.get("/api/v1/audit/checkpoint")
    assert text.text == new["checkpoint"]


async def test_an_export_verifies(audit: Asked) -> None:
    await audit.book.say(*AWarning().whole(), *(a_fact(n) for n in range(1200)))
    reply = await audit.get("/api/v1/audit/export")
    head = await audit.json("/head")
    verdict = verify(reply.content.splitlines(keepends=True), [PublicKey(head["public_key"])])
    assert verdict.holds, (verdict.broken, verdict.differences)
    assert verdict.records == 1211
    assert (await audit.facts())[0]["kind"] == "audit.exported"


async def test_every_question_of_a_person_is_a_fact_and_holds_no_phone(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(*warning.whole())
    await audit.json(f"/warnings/{warning.warning_id}", "drafter")
    await audit.json("/records", about="13812345678")
    await audit.get(f"/api/v1/audit/stations/{STATIONS[0]}")
    await audit.get("/audit")
    account, search, station, page = await audit.facts()
    assert (account["kind"], account["actor"]) == ("audit.queried", "sun")
    assert account["warning_id"] == str(warning.warning_id)
    assert search["detail"]["query"] == "about=138****5678"
    assert station["about"] == STATIONS[0]
    assert page["detail"]["path"] == "/audit"


async def test_our_own_services_ask_unrecorded_but_do_not_export_unrecorded(audit: Asked) -> None:
    await audit.book.say(a_fact())
    key = audit.book.crypto.keys.active("internal")[1].decode()
    await audit.json("/reconcile", key)
    await audit.json("/records", key)
    assert await audit.facts() == []
    await audit.get("/api/v1/audit/export", key)
    assert [fact["actor"] for fact in await audit.facts()] == ["service"] * 2


@on_one_database
@pytest.mark.parametrize("role", ["drafter", "checker", "signer", "town-desk"])
async def test_the_desk_sees_accounts_and_nothing_else(audit: Asked, role: str) -> None:
    warning = AWarning()
    await audit.book.say(*warning.whole())
    account = f"/warnings/{warning.warning_id}"
    assert (await audit.json(account, role))["adds_up"]
    assert (await audit.json("/warnings", role))["data"]
    closed = [f"{account}/timeline", f"/stations/{STATIONS[0]}", "/records", "/records/1"]
    for path in [*closed, "/head", "/checkpoint", "/reconcile", "/export"]:
        assert (await audit.get(f"/api/v1/audit{path}", role)).status_code == 403, path
    for page in ("/audit", f"/audit{account}", "/audit/records", "/audit/reconcile"):
        assert (await audit.get(page, role)).status_code == 403, page


@on_one_database
@pytest.mark.parametrize("role", ["operator", "operator+auditor"])
async def test_an_operator_is_no_auditor(audit: Asked, role: str) -> None:
    for path in ("/warnings", "/records", "/reconcile", "/export"):
        assert (await audit.get(f"/api/v1/audit{path}", role)).status_code == 403


@on_one_database
async def test_nobody_is_answered_who_is_not_signed_in(audit: Asked) -> None:
    assert (await audit.client.get("/api/v1/audit/warnings")).status_code == 401
    reply = await audit.client.get("/audit", headers={"accept": "text/html"})
    assert (reply.status_code, reply.headers["location"]) == (303, "/sign-in?next=/audit")


async def test_what_is_not_there_is_not_found(audit: Asked) -> None:
    for path in (f"/warnings/{uuid4()}", "/records/9"):
        assert (await audit.get(f"/api/v1/audit{path}")).status_code == 404
    assert (await audit.json(f"/warnings/{uuid4()}/timeline"))["data"] == []


async def test_a_fact_from_the_future_is_kept_and_marked(audit: Asked) -> None:
    await audit.book.say(a_fact(at=NOON + timedelta(days=9)), a_fact())
    page = await audit.json("/records")
    assert [line["from_the_future"] for line in page["data"]] == [True, False]


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_every_page_shows(audit: Asked, language: str) -> None:
    warning, drill = AWarning(), AWarning(mode=Mode.DRILL)
    seen = StationSeen(mode=Mode.LIVE, lane=Lane.ROUTINE, station=STATIONS[0], presence="offline", at=NOON)
    await audit.book.say(*warning.whole(), drill.published(), seen, a_fact(at=NOON + timedelta(days=9)))
    head = "审计" if language == "zh" else "Audit"
    for path, words in {
        "/audit": ["暴雨红色预警信号", "test.yutian/ledger"],
        f"/audit/warnings/{warning.warning_id}": [STATIONS[2], "p95"],
        f"/audit/warnings/{warning.warning_id}?kind=plan.made": ["9"],
        f"/audit/warnings/{drill.warning_id}": ["drill-banner"],
        f"/audit/stations/{STATIONS[0]}": ["1 / 1"],
        "/audit/records": ["note.kept"],
        "/audit/records?kind=note.kept": ["note.kept"],
        "/audit/records/1": ["payload_sha256", "test.yutian/ledger"],
        "/audit/reconcile": ["0"],
    }.items():
        reply = await audit.get(path, lang=language) if "?" not in path else await audit.get(path)
        assert reply.status_code == 200, (path, reply.text)
        for word in [head, *words] if "?" not in path else words:
            assert word in reply.text, (path, word)
        assert "<script" not in reply.text.replace('<script type="module" src="/static/audit/', "")
        assert "style=" not in reply.text


async def test_one_answer_is_of_one_moment(audit: Asked) -> None:
    db = audit.book.db
    async with questions.snapshot(db) as connection:
        before = await ledger.size(connection)
        await audit.book.say(*(a_fact(n) for n in range(5)))
        assert await ledger.size(connection) == before
    async with db.read() as connection:
        assert await ledger.size(connection) == before + 5
