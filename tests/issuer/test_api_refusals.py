"""What the API refuses, with the field and the mend, and what it never repeats."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from services.issuer.store.tables import WARNINGS
from services.kit.outbox import OUTBOX
from tests.issuer.api_make import DRAFT, Desk


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
