"""The router, as the issuer asks it."""

from collections.abc import Callable
from typing import Any

import httpx
import orjson
import pytest

from contracts.values import AreaSelection, Mode
from services.issuer.reach import RouterReach
from services.kit.errors import Invalid, Refused, Retry
from tests.issuer.reach_make import a_manifest


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
