"""The issuer's public face: over HTTP, with sessions, problems and examples."""

import asyncio
import base64
import csv
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from sqlalchemy import select

from contracts.values import AreaSelection, Mode
from services.issuer import actions, api, store
from services.issuer.api.progress import stream_progress
from services.issuer.reach import RouterReach
from services.issuer.store.tables import WARNINGS
from services.issuer.watch import Watch
from services.kit import ids
from services.kit.crypto import KeyFolder, init_keys
from services.kit.errors import Invalid, Refused, Retry
from services.kit.http import create_app
from services.kit.leadership import Leadership
from services.kit.outbox import OUTBOX
from services.kit.process import House, Service
from services.kit.settings import Settings
from tests.contracts.alerts import CORPUS
from tests.issuer.issuer_make import Office, a_doorman, a_manifest, an_account
from tests.issuer.test_consumers import FakeBus, a_plan, a_report, hear, story

PASSWORD = "Yt-right-horse"
PEOPLE = (
    {"username": "zhang", "name": "张敏", "role": "drafter"},
    {"username": "li", "name": "李强", "role": "checker"},
    {"username": "wang", "name": "王芳", "role": "signer"},
    {"username": "sun", "name": "孙丽", "role": "auditor"},
)
DRAFT = {
    "mode": "live",
    "hazard": "11B03",
    "level": "ORANGE",
    "selection": {"towns": ["500110110", "500110111"]},
}


@cache
def _hash() -> str:
    """Return the hash of everybody's password, made once: it is slow on purpose."""
    return PasswordHasher().hash(PASSWORD)


class Bus(FakeBus):
    async def ping(self) -> None:
        """Answer."""


class Client:
    """The API as one person uses it."""

    def __init__(self, http: httpx.AsyncClient, token: str) -> None:
        self.http = http
        self.headers = {"Authorization": f"Bearer {token}"}

    async def ask(self, method: str, path: str, *, status: int = 200, **more: Any) -> Any:
        """Send a request, expect a status, return the answer's JSON or bytes."""
        headers = {**self.headers, **more.pop("headers", {})}
        reply = await self.http.request(method, f"/api/v1{path}", headers=headers, **more)
        assert reply.status_code == status, reply.text
        self.reply = reply
        is_json = "json" in reply.headers.get("content-type", "")
        return orjson.loads(reply.content) if is_json else reply.content

    async def approve(self, warning: dict[str, Any], *, status: int = 200) -> Any:
        """Approve what a warning says."""
        body = {k: warning[k] for k in ("content_sha256", "manifest_sha256")}
        path = f"/warnings/{warning['warning_id']}/approve"
        return await self.ask("POST", path, json=body, status=status)


class Desk:
    """An app with people who are signed in."""

    def __init__(self, office: Office, app: FastAPI, http: httpx.AsyncClient) -> None:
        self.office = office
        self.app = app
        self.http = http
        self.people: dict[str, Client] = {}

    async def person(self, username: str) -> Client:
        """Return somebody who is signed in."""
        if username not in self.people:
            token = ids.token()
            async with self.office.db.transaction() as tx:
                await store.people.open_session(tx, sha256(token.encode()).hexdigest(), username, second=True)
            self.people[username] = Client(self.http, token)
        return self.people[username]

    async def issued(self, **draft: Any) -> dict[str, Any]:
        """Issue a warning over HTTP."""
        zhang, wang = await self.person("zhang"), await self.person("wang")
        made = await zhang.ask("POST", "/warnings", json={**DRAFT, **draft}, status=201)
        review = await zhang.ask("POST", f"/warnings/{made['warning_id']}/submit")
        found: dict[str, Any] = await wang.approve(review)
        return found


@asynccontextmanager
async def a_desk(office: Office, folder: Path) -> AsyncIterator[Desk]:
    keys = KeyFolder(folder / "keys")
    init_keys(keys)
    floor: Any = SimpleNamespace(settings=Settings(var=folder), http=None, keys=keys, bus=Bus())
    async with office.db.transaction() as tx:
        for person in PEOPLE:
            account = an_account(str(person["username"]), str(person["name"]), _hash(), str(person["role"]))
            await store.people.keep(tx, account)
    parts = api.Parts(
        db=office.db,
        catalogue=office.catalogue,
        press=office.press,
        reach=office.reach,
        watch=Watch(office.db, floor.bus, "me"),
        sessions=actions.LocalSessions(office.db),
        doorman=a_doorman(),
    )
    house = House(office.db, Leadership(office.db, "me"))
    service = Service("issuer", api.ROUTERS, [house], {"issuer": parts, "sessions": parts.sessions})
    app = create_app(floor, [service])
    app.state.stopping = asyncio.Event()
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        yield Desk(office, app, http)


@pytest.fixture
async def desk(laptop: Office, tmp_path: Path) -> AsyncIterator[Desk]:
    async with a_desk(laptop, tmp_path) as opened:
        yield opened


# Sessions


async def test_a_session_is_opened_asked_and_ended(desk: Desk) -> None:
    reply = await desk.http.post("/api/v1/sessions", json={"username": "zhang", "password": PASSWORD})
    assert reply.status_code == 201
    body = reply.json()
    assert body["user"] == {
        "username": "zhang",
        "display_name": "张敏",
        "roles": ["drafter"],
        "town": None,
    }
    assert body["expires_at"].endswith("+08:00")
    zhang = Client(desk.http, body["token"])
    current = await zhang.ask("GET", "/sessions/current")
    assert (current["username"], current["display_name"], current["roles"]) == ("zhang", "张敏", ["drafter"])
    await zhang.ask("DELETE", "/sessions/current", status=204)
    await zhang.ask("GET", "/sessions/current", status=401)
    await zhang.ask("GET", "/warnings", status=401)


async def test_a_wrong_password_is_refused_and_not_repeated(desk: Desk) -> None:
    for body in (
        {"username": "zhang", "password": "horse-battery"},
        {"username": "nobody", "password": "horse-battery"},
    ):
        reply = await desk.http.post("/api/v1/sessions", json=body)
        assert reply.status_code == 401
        assert "horse" not in reply.text
        assert "nobody" not in reply.text
    malformed = {"username": "Horse Battery", "password": "x" * 300}
    reply = await desk.http.post("/api/v1/sessions", json=malformed)
    assert reply.status_code == 422
    assert "Horse" not in reply.text
    assert "xxx" not in reply.text


async def test_nobody_reads_or_writes_without_a_session(desk: Desk) -> None:
    path = f"/api/v1/warnings/{uuid4()}"
    for method, target in (
        ("GET", "/api/v1/warnings"),
        ("POST", "/api/v1/warnings"),
        ("GET", "/api/v1/catalogue"),
        ("POST", "/api/v1/import"),
        ("GET", path),
        ("GET", f"{path}/cap.xml"),
        ("GET", f"{path}/progress"),
        ("GET", f"{path}/progress/stream"),
        ("POST", f"{path}/halt"),
    ):
        assert (await desk.http.request(method, target)).status_code == 401


# The story


async def test_two_people_issue_a_warning_over_http(office: Office, tmp_path: Path) -> None:
    async with a_desk(office, tmp_path) as desk:
        zhang, wang = await desk.person("zhang"), await desk.person("wang")
        draft = await zhang.ask("POST", "/warnings", json=DRAFT, status=201)
        assert zhang.reply.headers["location"] == f"/api/v1/warnings/{draft['warning_id']}"
        assert (draft["state"], draft["needs"], draft["etag"]) == ("draft", None, "1.1")
        path = f"/warnings/{draft['warning_id']}"
        review = await zhang.ask("POST", f"{path}/submit")
        assert (review["state"], review["needs"], review["manifest"]["count"]) == ("review", ["signer"], 6)
        await zhang.approve(review, status=409)
        issued = await wang.approve(review)
        assert (issued["state"], issued["approvals"][0]["name"]) == ("issued", "王芳")
        assert issued["identifier"] == "50011041600000_20260611140500_0"
        assert issued["approved_at"].endswith("+08:00")
        acts = [event["act"] for event in issued["story"]]
        assert acts == ["drafted", "submitted", "approved", "issued"]
        bytes_ = await zhang.ask("GET", f"{path}/cap.xml")
        stored = await office.get(_id(draft))
        assert stored.published is not None
        assert bytes_ == stored.published.cap_xml
        assert zhang.reply.headers["content-type"] == "application/cap+xml"
        tag = {"If-None-Match": zhang.reply.headers["etag"]}
        await zhang.ask("GET", f"{path}/cap.xml", headers=tag, status=304)


def _id(warning: dict[str, Any]) -> Any:
    return UUID(warning["warning_id"])


async def test_update_lift_and_halt_over_http(desk: Desk) -> None:
    issued = await desk.issued()
    zhang, wang = await desk.person("zhang"), await desk.person("wang")
    path = f"/warnings/{issued['warning_id']}"
    update = await zhang.ask("POST", f"{path}/update", status=201)
    assert (update["revision"], update["state"], update["kind"]) == (2, "draft", "update")
    tag = {"If-Match": zhang.reply.headers["etag"]}
    raised = await zhang.ask("PATCH", path, json={"level": "YELLOW"}, headers=tag)
    assert "降级为黄色" in raised["content"]["text"]["headline"]
    review = await zhang.ask("POST", f"{path}/submit")
    assert (await wang.approve(review))["references"].startswith("50011041600000,50011041600000_2026")
    halted = await zhang.ask("POST", f"{path}/halt", json={"reason": "wrong area"})
    assert (halted["state"], halted["reason"]) == ("halted", "wrong area")
    assert halted["review_due"] is not None
    lift = await zhang.ask("POST", f"{path}/cancel", json={"reason": "the rain is over"}, status=201)
    assert (lift["story"][-1]["act"], lift["story"][-1]["note"]) == ("lift begun", "the rain is over")
    assert (lift["revision"], lift["state"], lift["kind"]) == (3, "review", "cancel")
    await wang.approve(lift)
    whole = await zhang.ask("GET", path)
    assert [r["state"] for r in whole["revisions"]] == ["issued", "cancelled", "superseded"]
    first = await zhang.ask("GET", f"{path}?revision=1")
    assert (first["revision"], first["level"]) == (1, "ORANGE")


async def test_return_and_reject_over_http(desk: Desk) -> None:
    zhang, li = await desk.person("zhang"), await desk.person("li")
    draft = await zhang.ask("POST", "/warnings", json={**DRAFT, "level": "YELLOW"}, status=201)
    path = f"/warnings/{draft['warning_id']}"
    await zhang.ask("POST", f"{path}/submit")
    await li.ask("POST", f"{path}/return", json={}, status=422)
    back = await li.ask("POST", f"{path}/return", json={"reason": "wrong window"})
    assert (back["state"], back["reason"], back["manifest"]) == ("draft", "wrong window", None)
    gone = await zhang.ask("POST", f"{path}/reject", json={"reason": "not needed"})
    assert gone["state"] == "rejected"


async def test_an_old_version_is_answered_with_412_and_what_changed(desk: Desk) -> None:
    zhang, li = await desk.person("zhang"), await desk.person("li")
    draft = await zhang.ask("POST", "/warnings", json=DRAFT, status=201)
    path = f"/warnings/{draft['warning_id']}"
    await zhang.ask("PATCH", path, json={"level": "RED"}, status=422)
    assert zhang.reply.json()["errors"][0]["field"] == "If-Match"
    seen = {"If-Match": '"1.1"'}
    await li.ask("PATCH", path, json={"observed": "已出现大雨"}, headers=seen)
    await zhang.ask("PATCH", path, json={"level": "RED"}, headers=seen, status=412)
    problem = zhang.reply.json()
    assert problem["type"] == "/problems/changed"
    assert "li edited observed" in problem["detail"]
    assert (await desk.http.get("/problems/changed")).status_code == 200
    await zhang.ask("POST", f"{path}/submit", headers=seen, status=412)


async def test_an_idempotency_key_makes_one_warning_of_two_requests(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    key = {"Idempotency-Key": "one-and-the-same"}
    first = await zhang.ask("POST", "/warnings", json=DRAFT, headers=key, status=201)
    second = await zhang.ask("POST", "/warnings", json=DRAFT, headers=key, status=201)
    assert first == second
    assert len(await desk.office.db.rows(select(WARNINGS))) == 1


# What is refused


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"hazard": "11B99"}, "hazard"),
        ({"hazard": "rain"}, "hazard"),
        ({"level": "PINK"}, "level"),
        ({"hazard": "11B09", "level": "BLUE"}, "level"),
        ({"mode": "test"}, "mode"),
        ({"selection": {}}, "selection"),
        ({"selection": {"towns": ["500110005"]}}, "selection.towns[0]"),
        ({"selection": {"towns": ["abc"]}}, "selection.towns.0"),
        ({"selection": {"polygons": [[[106.6, 28.7], [106.7, 28.7]]]}}, "selection.polygons[0]"),
        ({"selection": {"prefix": "500110"}}, "selection.prefix"),
        ({"expires": "2026-06-11T13:00:00+08:00"}, "expires"),
        ({"expires": "2026-06-11T20:00:00"}, "expires"),
        (
            {"window": {"begin": "2026-06-11T20:00:00+08:00", "end": "2026-06-11T19:00:00+08:00"}},
            "window.end",
        ),
        ({"slots": {"amount": "lots"}}, "slots.amount"),
        ({"text": {"headline": "h" * 141, "description": "d", "short": "s"}}, "text.headline"),
        ({"text": {"headline": "h", "description": "d", "short": "长" * 400}}, "text.short"),
        ({"colour": "ORANGE"}, "colour"),
        ({"supersedes": ["00000000-0000-0000-0000-000000000001"]}, "supersedes[0]"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_stored(
    desk: Desk, changes: dict[str, Any], field: str
) -> None:
    zhang = await desk.person("zhang")
    said = len(await desk.office.db.rows(select(OUTBOX)))
    await zhang.ask("POST", "/warnings", json={**DRAFT, **changes}, status=422)
    fields = [fault["field"].removeprefix("body.") for fault in zhang.reply.json()["errors"]]
    assert field in fields
    assert all(fault["mend"] for fault in zhang.reply.json()["errors"])
    assert not await desk.office.db.rows(select(WARNINGS))
    assert len(await desk.office.db.rows(select(OUTBOX))) == said


async def test_no_refusal_repeats_what_was_sent(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    phone = "13812345678"
    for body in (
        {**DRAFT, "observed": phone * 30},
        {**DRAFT, "hazard": phone},
        {**DRAFT, "slots": {"amount": phone}},
        {**DRAFT, "selection": {"towns": [phone]}},
        {**DRAFT, "text": {"headline": phone * 20, "description": phone, "short": phone}},
    ):
        await zhang.ask("POST", "/warnings", json=body, status=422)
        assert phone not in zhang.reply.text
    await zhang.ask("POST", "/warnings", content=b'{"mode": "13812345678', status=422)
    assert phone not in zhang.reply.text


async def test_an_auditor_reads_and_changes_nothing(desk: Desk) -> None:
    issued = await desk.issued()
    sun = await desk.person("sun")
    path = f"/warnings/{issued['warning_id']}"
    await sun.ask("GET", path)
    await sun.ask("POST", "/warnings", json=DRAFT, status=403)
    for verb, body in (
        ("update", None),
        ("cancel", None),
        ("halt", {"reason": "why"}),
        ("submit", None),
        ("return", {"reason": "why"}),
    ):
        await sun.ask("POST", f"{path}/{verb}", json=body, status=403)


async def test_the_router_away_keeps_the_draft_and_says_so(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    draft = await zhang.ask("POST", "/warnings", json=DRAFT, status=201)
    desk.office.reach.away = True
    await zhang.ask("POST", f"/warnings/{draft['warning_id']}/submit", status=503)
    assert zhang.reply.headers["retry-after"] == "2"
    assert (await zhang.ask("GET", f"/warnings/{draft['warning_id']}"))["state"] == "draft"


async def test_what_is_not_there_is_not_found(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    nothing = f"/warnings/{uuid4()}"
    for method, path, body in (
        ("GET", nothing, None),
        ("GET", f"{nothing}/cap.xml", None),
        ("GET", f"{nothing}/progress", None),
        ("GET", f"{nothing}/progress/stream", None),
        ("POST", f"{nothing}/submit", None),
        ("POST", f"{nothing}/update", None),
        ("POST", f"{nothing}/halt", {"reason": "why"}),
        ("POST", f"{nothing}/approve", {"content_sha256": "0" * 64, "manifest_sha256": "0" * 64}),
    ):
        await zhang.ask(method, path, json=body, status=404)
    await zhang.ask("GET", "/warnings/nonsense", status=422)


# Lists, catalogue, documents


async def test_lists_page_by_cursor(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    drafts = [await zhang.ask("POST", "/warnings", json=DRAFT, status=201) for _ in range(5)]
    made = [draft["warning_id"] for draft in drafts]
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = f"?limit=2&state=draft&mode=live{f'&cursor={cursor}' if cursor else ''}"
        body = await zhang.ask("GET", f"/warnings{query}")
        seen += [one["warning_id"] for one in body["data"]]
        assert body["has_more"] is (body["next"] is not None) is ("link" in zhang.reply.headers)
        cursor = body["next"]
    assert seen == made[::-1]
    assert (await zhang.ask("GET", "/warnings?state=review"))["data"] == []
    assert (await zhang.ask("GET", "/warnings?mode=drill"))["data"] == []
    forged = base64.urlsafe_b64encode(b"1|2|3").decode()
    for bad in ("nonsense", forged, "%00"):
        await zhang.ask("GET", f"/warnings?cursor={bad}", status=422)


async def test_the_catalogue_offers_only_colours_that_exist(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    found = await zhang.ask("GET", "/catalogue")
    signals = {signal["code"]: signal for signal in found["signals"]}
    assert [grade["level"] for grade in signals["11B09"]["levels"]] == ["RED", "ORANGE", "YELLOW"]
    assert "11B01" not in signals
    assert {slot["name"] for slot in signals["11B03"]["slots"]} == {"amount", "hourly"}
    red = next(row for row in found["authority"] if row["level"] == "RED" and row["product"] == "signal")
    assert red["issue"] == [["checker", "signer"], ["signer"]]
    assert found["sender_code"] == "50011041600000"


async def test_every_example_in_the_documents_runs(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    document = desk.app.openapi()
    bodies = {
        name: schema["example"]
        for name, schema in document["components"]["schemas"].items()
        if name.endswith("Body") and "example" in schema
    }
    known = {"SignInBody", "DraftBody", "EditBody", "ReasonBody", "CancelBody", "CorrectBody", "SplitBody"}
    assert set(bodies) == known
    reply = await desk.http.post("/api/v1/sessions", json=bodies["SignInBody"])
    assert reply.status_code == 401
    draft = await zhang.ask("POST", "/warnings", json=bodies["DraftBody"], status=201)
    path, seen = f"/warnings/{draft['warning_id']}", {"If-Match": draft["etag"]}
    edited = await zhang.ask("PATCH", path, json=bodies["EditBody"], headers=seen)
    assert edited["level"] == "RED"
    seen = {"If-Match": edited["etag"]}
    await zhang.ask("POST", f"{path}/split", json=bodies["SplitBody"], headers=seen, status=201)
    await zhang.ask("POST", f"{path}/reject", json=bodies["ReasonBody"])
    issued = await desk.issued()
    correcting = f"/warnings/{issued['warning_id']}/correct"
    await zhang.ask("POST", correcting, json=bodies["CorrectBody"], status=201)
    lifting = f"/warnings/{issued['warning_id']}/cancel"
    await zhang.ask("POST", lifting, json=bodies["CancelBody"], status=201)


async def test_every_endpoint_has_a_summary_and_refuses_unknown_fields(desk: Desk) -> None:
    document = desk.app.openapi()
    for path, verbs in document["paths"].items():
        for operation in verbs.values():
            assert operation["summary"], path
    for name, schema in document["components"]["schemas"].items():
        if name.endswith("Body"):
            assert schema.get("additionalProperties") is False, name


# Progress


async def test_progress_adds_up_channel_by_channel(desk: Desk) -> None:
    issued = await desk.issued()
    zhang = await desk.person("zhang")
    warning = await desk.office.get(_id(issued))
    path = f"/warnings/{issued['warning_id']}/progress"
    assert (await zhang.ask("GET", path))["adds_up"] is False
    await hear(desk.office, *story(warning))
    found = await zhang.ask("GET", path)
    assert found["adds_up"] is True
    assert found["total"]["targeted"] == found["manifest_count"] == 6
    stations = next(line for line in found["channels"] if line["channel"] == "station")
    assert stations["latency"] == {"p50_s": 3.0, "p95_s": 4.0, "max_s": 4.0, "first_s": 2.0}
    parts = ("confirmed", "delivered", "failed", "withdrawn", "expired", "open")
    for line in (*found["channels"], found["total"]):
        assert line["targeted"] == sum(line[part] for part in parts)
    page = await zhang.ask("GET", f"/warnings/{issued['warning_id']}/targets?limit=3")
    assert (len(page["data"]), page["has_more"]) == (3, True)
    rest = await zhang.ask("GET", f"/warnings/{issued['warning_id']}/targets?limit=3&cursor={page['next']}")
    assert (len(rest["data"]), rest["has_more"]) == (1, False)


async def test_a_stream_sends_progress_now_and_on_each_change(desk: Desk) -> None:
    issued = await desk.issued()
    warning = await desk.office.get(_id(issued))
    parts: api.Parts = desk.app.state.parts["issuer"]
    running = asyncio.ensure_future(parts.watch.run())
    request: Any = SimpleNamespace(app=desk.app, state=SimpleNamespace())
    taken = await parts.watch.photograph(warning.warning_id, None)
    events = stream_progress(request, taken, parts)
    first = await anext(events)
    assert (first.event, first.data.total.targeted) == ("progress", 0)
    following = asyncio.ensure_future(anext(events))
    await hear(desk.office, a_plan(warning), a_report(warning, 1, {"queued": 4}))  # type: ignore[dict-item]
    parts.watch.changed(warning.warning_id)
    assert (await asyncio.wait_for(following, 5)).data.total.targeted == 6
    ending = asyncio.ensure_future(anext(events, None))
    await asyncio.sleep(0.05)
    desk.app.state.stopping.set()
    assert await asyncio.wait_for(ending, 2) is None
    running.cancel()


async def test_a_stream_is_framed_as_server_sent_events(desk: Desk) -> None:
    issued = await desk.issued()
    zhang = await desk.person("zhang")
    asyncio.get_running_loop().call_later(0.3, desk.app.state.stopping.set)
    body = await zhang.ask("GET", f"/warnings/{issued['warning_id']}/progress/stream")
    assert zhang.reply.headers["content-type"].startswith("text/event-stream")
    assert body.startswith(b"event: progress\ndata: {")


# Import


def a_cap(**changes: str) -> bytes:
    fields = {
        "event": "暴雨",
        "severity": "Severe",
        "expires": "2026-06-11T22:00:00+08:00",
        "geocode": "500110110000",
        "headline": "某气象台发布暴雨橙色预警信号",
        "info": "",
        **changes,
    }
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>A1</identifier><sender>x</sender>
<sent>2026-06-11T14:00:00+08:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>
<info><language>zh-CN</language><category>Met</category><event>{fields["event"]}</event>
<urgency>Immediate</urgency><severity>{fields["severity"]}</severity><certainty>Likely</certainty>
<expires>{fields["expires"]}</expires><headline>{fields["headline"]}</headline>
<description>预计未来3小时有大雨。（预警信息来源：国家预警信息发布中心）</description>
<area><areaDesc>赶水镇</areaDesc><geocode><valueName>x</valueName><value>{fields["geocode"]}</value></geocode>
</area></info></alert>""".encode()


async def test_a_cap_message_becomes_a_draft(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    found = await zhang.ask("POST", "/import", content=a_cap(), status=201)
    warning = found["warning"]
    assert (warning["state"], warning["level"], warning["hazard"]["code"]) == ("draft", "ORANGE", "11B03")
    assert warning["content"]["selection"]["towns"] == ["500110110"]
    assert warning["content"]["text"]["description"] == "预计未来3小时有大雨。"
    await zhang.ask("POST", f"/warnings/{warning['warning_id']}/submit")


async def test_what_is_odd_about_an_import_is_listed_and_must_be_mended(desk: Desk) -> None:
    zhang = await desk.person("zhang")
    message = a_cap(geocode="130602000000", expires="2020-01-01T00:00:00+08:00")
    found = await zhang.ask("POST", "/import", content=message, status=201)
    fields = {odd["field"] for odd in found["oddities"]}
    assert {"selection", "expires"} <= fields
    path = f"/warnings/{found['warning']['warning_id']}"
    await zhang.ask("POST", f"{path}/submit", status=422)
    mend = {"selection": {"towns": ["500110110"]}}
    await zhang.ask("PATCH", path, json=mend, headers={"If-Match": found["warning"]["etag"]})
    await zhang.ask("POST", f"{path}/submit")


@pytest.mark.parametrize(
    ("document", "query", "status"),
    [
        (b"", "", 422),
        (b"<rss/>", "", 422),
        (b'<!DOCTYPE a [<!ENTITY e SYSTEM "file:///etc/passwd">]><a>&e;</a>', "", 422),
        (b"<" * 1_100_000, "", 422),
        (a_cap(event="Alien", headline="x"), "", 422),
        (a_cap(event="Alien", headline="x"), "?hazard=11B03", 201),
        (a_cap(severity="Unknown", headline="暴雨"), "", 422),
        (a_cap(severity="Unknown", headline="暴雨"), "?level=RED", 201),
        (a_cap(event="台风", headline="台风橙色预警信号"), "", 409),
    ],
)
async def test_imports_that_cannot_be_are_refused(
    desk: Desk, document: bytes, query: str, status: int
) -> None:
    zhang = await desk.person("zhang")
    await zhang.ask("POST", f"/import{query}", content=document, status=status)
    assert len(await desk.office.db.rows(select(WARNINGS))) == (status == 201)


REFUSED_IMPORTS = {"has no info block, so there is nothing to warn of"}
"""Why a message that is valid cannot become a draft."""


async def test_every_valid_message_is_imported_and_every_fault_shown(desk: Desk) -> None:
    index = CORPUS / "INDEX.csv"
    if not index.exists():
        pytest.skip(f"no CAP corpus at {CORPUS}: put the shared folder beside the checkout")
    zhang = await desk.person("zhang")
    with index.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        path = "/api/v1/import?hazard=11B03&level=ORANGE"
        document = (CORPUS / row["file"]).read_bytes()
        reply = await desk.http.post(path, content=document, headers=zhang.headers)
        problem = reply.json()
        if row["validity"] == "valid":
            why = {error["detail"] for error in problem.get("errors", ())}
            assert reply.status_code == 201 or why <= REFUSED_IMPORTS, (row["file"], reply.text)
        elif reply.status_code == 201:
            assert problem["oddities"] or "signature" in row["why"] or "digest" in row["why"], row["file"]
        else:
            assert (reply.status_code, bool(problem["errors"])) == (422, True), (row["file"], reply.text)


# The router, as the issuer asks it


def router_says(answer: Callable[[httpx.Request], httpx.Response]) -> RouterReach:
    return RouterReach(httpx.AsyncClient(transport=httpx.MockTransport(answer)), "http://router", "secret")


async def preview(reach: RouterReach) -> Any:
    return await reach.preview(Mode.LIVE, AreaSelection(towns=("500110110",)), pin=True)


async def test_the_router_is_asked_with_the_internal_key() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        manifest = a_manifest().model_dump(mode="json")
        towns = [{"code": "500110110", "name": "赶水镇"}]
        return httpx.Response(200, json={"manifest": manifest, "towns": towns, "whole_district": False})

    reached = await preview(router_says(answer))
    assert (reached.names, reached.manifest) == (("赶水镇",), a_manifest())
    assert asked[0].headers["authorization"] == "Bearer secret"
    assert orjson.loads(asked[0].content)["pin"] is True


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (httpx.Response(500), Retry),
        (httpx.Response(503, json={"detail": "its copy of the registry is not whole yet"}), Retry),
        (httpx.Response(401), Retry),
        (httpx.Response(200, text="<html>"), Retry),
        (httpx.Response(200, json={"manifest": {}, "towns": []}), Retry),
        (httpx.Response(200, json=[]), Retry),
        (httpx.Response(409, json={"detail": "no"}), Refused),
        (
            httpx.Response(
                422, json={"detail": "x", "errors": [{"field": "body.selection", "detail": "x", "mend": "y"}]}
            ),
            Invalid,
        ),
    ],
)
async def test_what_the_router_answers_is_sorted(reply: httpx.Response, kind: type[Exception]) -> None:
    with pytest.raises(kind) as raised:
        await preview(router_says(lambda _: reply))
    assert type(raised.value) is kind
    if isinstance(raised.value, Invalid):
        assert raised.value.faults[0].field == "selection"


async def test_a_router_that_cannot_be_reached_is_away() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Retry, match="does not answer"):
        await preview(router_says(answer))
