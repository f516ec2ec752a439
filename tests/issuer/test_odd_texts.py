"""People send characters that nobody sees: refused by field on either database, nothing is kept."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.issuer.store.tables import EVENTS, WARNINGS
from tests.issuer.api_make import a_desk
from tests.issuer.issuer_make import Office, a_text

DRAFT: dict[str, Any] = {
    "mode": "live",
    "hazard": "11B03",
    "level": "ORANGE",
    "selection": {"towns": ["500110110"]},
}
TEXT = a_text().model_dump(exclude={"language"})
KEPT_BESIDE = [{"reference": "x", "reason": "both\x00"}]
CONSULTED = {"held_at": "2026-06-11T14:00:00+08:00", "attended": "all\u202e", "conclusion": "rain"}


async def test_drafts_reasons_and_comments_hold_only_what_can_be_seen(office: Office, tmp_path: Path) -> None:
    async with a_desk(office, tmp_path) as desk:
        zhang = await desk.person("zhang")
        for more, field in (
            ({"observed": "rain\x00"}, "body.observed"),
            ({"text": {**TEXT, "short": "\u202e" + TEXT["short"]}}, "body.text.short"),
            ({"text": {**TEXT, "description": "a\x00b"}}, "body.text.description"),
            ({"beside": KEPT_BESIDE}, "body.beside.0.reason"),
            ({"consultation": CONSULTED}, "body.consultation.attended"),
            ({"slots": {"amount": "50\u2066"}}, "body.slots.amount"),
            ({"product": "sig\x00nal"}, "body.product"),
        ):
            refused = await zhang.ask("POST", "/warnings", json={**DRAFT, **more}, status=422)
            assert refused["errors"][0]["field"] == field
            assert refused["errors"][0]["mend"]
        assert await office.db.rows(select(WARNINGS)) == []

        draft = await zhang.ask("POST", "/warnings", json=DRAFT, status=201)
        told = len(await office.db.rows(select(EVENTS)))
        path = f"/warnings/{draft['warning_id']}"
        for odd in ("\x00", "\u202e", "\x1b"):
            await zhang.ask("POST", f"{path}/comments", json={"comment": f"a{odd}"}, status=422)
            await zhang.ask("POST", f"{path}/reject", json={"reason": f"a{odd}"}, status=422)
        assert len(await office.db.rows(select(EVENTS))) == told


@pytest.mark.parametrize("query", ["cursor=%00", "state=%00", "mode=live%00", "anything=%E2%80%AE"])
async def test_a_query_holds_only_what_can_be_seen(office: Office, tmp_path: Path, query: str) -> None:
    async with a_desk(office, tmp_path) as desk:
        zhang = await desk.person("zhang")
        refused = await zhang.ask("GET", f"/warnings?{query}", status=422)
        assert refused["errors"][0]["field"] == f"query.{query.split('=')[0]}"


async def test_a_sign_in_form_with_hidden_characters_is_refused(office: Office, tmp_path: Path) -> None:
    async with a_desk(office, tmp_path) as desk:
        for odd in ("\x00", "\u202e"):
            body = {"username": f"zhang{odd}", "password": "x"}
            assert (await desk.http.post("/api/v1/sessions", json=body)).status_code == 422
