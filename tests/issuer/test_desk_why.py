"""The reach panel says why: by which rule each way reaches how many, and why others are not reached."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.issuer.desk_make import Room, a_room
from tests.issuer.issuer_make import Office

RED = {"mode": "live", "hazard": "11B03", "level": "RED"}
WHY = {
    "rules_version": "2026-11-1",
    "lane": "urgent",
    "ways": [
        {"channel": "station", "count": 4, "rules": ["grave"], "why_not": None, "left": []},
        {
            "channel": "sms",
            "count": 1200,
            "rules": ["mines", "grave"],
            "why_not": None,
            "left": [{"why": "outside", "count": 31}, {"why": "rule", "count": 7, "rule": "mines"}],
        },
        {"channel": "broadcast", "count": 0, "rules": [], "why_not": "rule", "left": []},
    ],
    "faults": [{"field": "rules[0]", "why": "is not known", "mend": "see the head of rules.yaml"}],
}


@pytest.fixture
async def room(laptop: Office, tmp_path: Path) -> AsyncIterator[Room]:
    """A desk whose router explains itself."""
    laptop.reach.answer = {"why": WHY}
    async with a_room(laptop, tmp_path) as opened:
        yield opened


async def test_the_panel_names_rules_reasons_and_a_wrong_file(room: Room) -> None:
    zhang = await room.person("zhang")
    page = await zhang.get("/warnings/new", **RED)
    fields = page.form("/warnings/new") | {"towns": ["500110110", "500110111"]}
    reach = (await zhang.post("/warnings/new/try", fields)).reply.json()["reach"]
    if kept := os.environ.get("KEEP_PANEL"):
        Path(kept).write_text(reach, "utf-8")
    for words in (
        "为何如此：规则版本 2026-11-1",
        "按规则作为紧急消息发送",
        "1,200 · mines、grave",
        "31 人在所画范围之外",
        "7 人按规则不发 (mines)",
        "无 · 此处没有规则使用",
        "仍按版本 2026-11-1 的规则执行",
    ):
        assert words in reach, words
