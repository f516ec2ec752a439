"""How a warning would look: what is shown is what the channels say in earnest."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI

from contracts.delivery import DeliveryRequested
from contracts.text import segments
from contracts.values import Action, Channel
from services.channels import renderings
from services.channels.pull.gateways import looks as gateways
from services.channels.pull.gateways.agreed import terms_of
from services.channels.pull.gateways.text import render_sms
from services.channels.pull.stations.looks import LOOKS
from services.channels.push import looks as push
from services.channels.push.settings import PushSettings
from services.channels.renderings import Look
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.identity import Principal, principal
from services.kit.problems import add_errors
from services.router.actions.batches import link_token

SAMPLE = Path(__file__).parents[2] / "contracts" / "samples" / "warning.v1.issued.json"
PUSH = (
    *(Channel.BROADCAST, Channel.CABLE, Channel.WECHAT, Channel.APP, Channel.WEB),
    *(Channel.WEIBO, Channel.UPPER),
)
LINKS = "https://yj.example/c/"


@pytest.fixture
def app() -> FastAPI:
    """Every house that renders, without the houses."""
    made = FastAPI()
    made.include_router(renderings.router)
    settings = PushSettings()
    sms = gateways.looks(LINKS, terms_of(""))
    houses = [LOOKS, sms, *(push.looks(channel, settings) for channel in PUSH)]
    made.state.parts = {str(number): house for number, house in enumerate(houses)}
    made.dependency_overrides[principal] = lambda: Principal("zhang", "张敏", frozenset({"drafter"}))
    add_errors(made)
    return made


async def looks(app: FastAPI, **notice: object) -> dict[Channel, Look]:
    """Ask how the sample would look with some of its words changed."""
    sample = json.loads(SAMPLE.read_text("utf-8"))["notice"]
    text = {**sample["text"], **notice}
    body = {"mode": "live", "action": "START", "notice": {**sample, "text": text}}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        reply = await http.post("/api/v1/renderings", json=body)
    assert reply.status_code == 200, reply.text
    return {look.channel: look for look in (Look.model_validate(one) for one in reply.json()["data"])}


def said(look: Look, name: str) -> str:
    return next(piece.text for piece in look.pieces if piece.name == name)


async def test_each_channel_shows_what_it_would_say(app: FastAPI) -> None:
    found = await looks(app)
    assert set(found) == {Channel.STATION, Channel.SMS, Channel.AREA, *PUSH}
    assert [piece.name for piece in found[Channel.SMS].pieces] == ["public", "duty", "person"]
    assert found[Channel.SMS].pieces[0].text.startswith("【")
    assert all(not look.faults for look in found.values())
    assert "再播报一遍" in said(found[Channel.BROADCAST], "speech")
    limits = {piece.name: piece.limit for piece in found[Channel.WECHAT].pieces}
    assert limits["thing1"] == 20


async def test_times_and_numbers_are_read_out(app: FastAPI) -> None:
    spoken = said((await looks(app, short="预计6时30分有100毫米雨。"))[Channel.BROADCAST], "speech")
    assert "六时三十分" in spoken
    assert "一百毫米" in spoken


async def test_too_long_is_a_fault_with_the_field_and_the_mend(app: FastAPI) -> None:
    found = await looks(app, short="预计有雨，请注意。" * 40)
    for channel in (Channel.SMS, Channel.BROADCAST, Channel.CABLE):
        (fault, *_) = found[channel].faults
        assert fault.field == "text.short"
        assert fault.mend
    cut = next(piece for piece in found[Channel.CABLE].pieces if piece.name == "crawl")
    assert cut.limit is not None
    assert len(cut.text) <= cut.limit
    assert cut.over > 0


def test_the_link_that_is_shown_is_as_long_as_a_real_one(tmp_path: Path) -> None:
    init_keys(KeyFolder(tmp_path))
    about: Any = SimpleNamespace(mode="live", warning_id=uuid4(), revision=10)
    token = link_token(SoftwareCrypto(KeyFolder(tmp_path)), about, "500110001001")
    assert len(token) == len(gateways.EXAMPLE)


async def test_the_sms_that_is_shown_is_the_sms_that_is_sent(app: FastAPI) -> None:
    shown = (await looks(app))[Channel.SMS].pieces[0].text
    sample = json.loads((SAMPLE.parent / "delivery.v1.requested.json").read_text("utf-8"))
    notice = json.loads(SAMPLE.read_text("utf-8"))["notice"]
    change = {"channel": "sms", "action": Action.START, "notice": notice, "mode": "live"}
    request = DeliveryRequested.model_validate({**sample, **change})
    assert render_sms(request, "public", LINKS).text == shown
    assert segments(shown) <= 4
