"""The rules over HTTP: why a warning reaches whom it does, and a wrong file said wherever somebody looks."""

from pathlib import Path

import httpx
from sqlalchemy import func, select

from services.kit.db import Database
from services.router.actions.rulebook import Rulebook
from services.router.store.tables import MANIFESTS
from tests.router.registry_make import TOWNS

BODY = {"mode": "live", "level": "BLUE", "hazard": "11B03", "selection": {"towns": list(TOWNS)}}
NIGHT = """version: night-1
rules:
  - {name: night, when: {levels: [BLUE], hours: "22:00-06:00"}, channels: [sms]}
  - {name: day, channels: [station, sms]}
"""


async def test_an_explanation_names_rules_and_reasons_and_keeps_nothing(
    http: httpx.AsyncClient, rulebook: Rulebook, tmp_path: Path, db: Database
) -> None:
    (tmp_path / "rules.yaml").write_text(NIGHT)
    await rulebook.look()
    day = (await http.post("/api/v1/explain", json={**BODY, "at": "2026-06-01T12:00:00+08:00"})).json()
    night = (await http.post("/api/v1/explain", json={**BODY, "at": "2026-06-01T23:00:00+08:00"})).json()
    assert (day["rules_version"], day["faults"]) == ("night-1", [])
    assert [rule["misfit"] for rule in day["rules"]] == ["hours", None]
    for found, station, sms in ((day, 12, "day"), (night, 0, "night")):
        ways = {way["channel"]: way for way in found["ways"]}
        assert ways["station"]["count"] == station
        assert ways["sms"]["rules"] == [sms]
        assert ways["wechat"]["why_not"] == "rule"
    assert night["ways"][0]["why_not"] == "rule"
    assert await db.rows(select(func.count()).select_from(MANIFESTS)) == [{"count_1": 0}]


async def test_a_preview_says_why_and_names_its_rules(http: httpx.AsyncClient) -> None:
    found = (await http.post("/api/v1/preview", json={**BODY, "channels": ["sms"]})).json()
    assert found["manifest"]["routing"]["rules"] == found["why"]["rules_version"]
    ways = {way["channel"]: way["why_not"] for way in found["why"]["ways"]}
    assert ways["sms"] is None
    assert ways["station"] == "left-out"


async def test_only_people_of_a_group_are_reached_where_groups_are_chosen(http: httpx.AsyncClient) -> None:
    selection = {"towns": list(TOWNS), "groups": ["drill"]}
    found = (await http.post("/api/v1/preview", json={**BODY, "selection": selection})).json()
    assert [(c["channel"], c["count"]) for c in found["channels"]] == [("sms", 12)]
    unknown = await http.post(
        "/api/v1/preview", json={**BODY, "selection": {**selection, "groups": ["astronauts"]}}
    )
    assert unknown.status_code == 422
    assert unknown.json()["errors"][0]["field"] == "selection.groups[0]"


async def test_a_wrong_file_is_said_wherever_somebody_looks(
    http: httpx.AsyncClient, rulebook: Rulebook, tmp_path: Path
) -> None:
    (tmp_path / "rules.yaml").write_text(NIGHT.replace("sms", "pigeon"))
    await rulebook.look()
    rules = (await http.get("/api/v1/rules")).json()
    assert "every-way" in rules["text"]
    assert rules["faults"][0]["field"].startswith("rules[0].channels")
    assert (await http.post("/api/v1/preview", json=BODY)).json()["why"]["faults"] == rules["faults"]
    ready = await http.get("/ready")
    assert ready.status_code == 200
    assert "router-rules: the file is wrong" in ready.text
