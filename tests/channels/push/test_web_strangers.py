"""One browser that is not what it says keeps nobody else from being warned."""

import pytest

from contracts.values import Channel
from sandbox.browsers import Browser as Citizen
from services.channels.push.store import browsers
from services.channels.push.web.wishes import Address, Wishes
from tests.channels.push.push_make import a_request, only
from tests.channels.push.web_make import API, FIRST, Web1
from tests.databases import on_one_database

STRANGE = (
    "https://<x>.push.apple.com/a",
    "https://a%zz.push.apple.com/a",
    "https://xn--a.push.apple.com/a",
    "https://..push.apple.com/a",
    f"https://{'a' * 70}.push.apple.com/a",
)


@on_one_database
@pytest.mark.parametrize("endpoint", STRANGE)
async def test_a_host_that_can_be_none_is_refused_at_the_door(endpoint: str, web: Web1) -> None:
    body = {"endpoint": endpoint, "keys": Citizen().keys(), "towns": [FIRST]}
    answer = await web.http.post(API, json=body)
    assert answer.status_code == 422, answer.text
    assert await browsers.count(web.house.db) == 0


@pytest.mark.parametrize("endpoint", STRANGE[:3])
async def test_a_browser_that_cannot_be_written_to_costs_nobody_the_warning(endpoint: str, web: Web1) -> None:
    citizen = Citizen()
    await web.subscribe(citizen)
    strange = Citizen().keys()
    async with web.house.db.transaction() as tx:
        address = Address(endpoint, strange["p256dh"], strange["auth"])
        key_id = web.house.workers.adapter.post.vapid.active()[0]  # type: ignore[attr-defined]
        await browsers.keep(tx, web.house.crypto, address, key_id, Wishes(frozenset({FIRST})))
    request = a_request(Channel.WEB)
    await web.house.take(request)
    await web.house.work(600)
    await web.later()
    assert len(citizen.shown) == 1
    assert await web.house.tally(request) == only(received=1, failed=1)
