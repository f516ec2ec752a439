"""The access token: asked for once by all replicas, sealed at rest, renewed in time, replaced if refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from pydantic import SecretStr

from sandbox import wechat
from sandbox.wechat_token import Tokens
from services.channels.push.adapter import Unset, Unwell
from services.channels.push.calling import Line
from services.channels.push.store import tokens
from services.channels.push.wechat.token import ASKING, Token
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Retry
from tests.channels.exam import BAD_ANSWERS, Network, answering
from tests.channels.push.push_make import an_open_database
from tests.clock import HandClock
from tests.databases import on_one_database

APPID, SECRET = "wx0123456789", "app-secret"
PATH = "/cgi-bin/stable_token"


class Shop:
    """A WeChat server and any number of replicas that share one database."""

    def __init__(self, db: Database, clock: HandClock, crypto: SoftwareCrypto) -> None:
        self.db = db
        self.clock = clock
        self.crypto = crypto
        self.tokens = Tokens(APPID, SECRET, now=clock)
        account = wechat.Account(tokens=self.tokens, followers=set(), templates={}, now=clock)
        self.network = Network(wechat.create(account))
        self.http = httpx.AsyncClient(transport=self.network)

    def replica(self, secret: str = SECRET) -> Token:
        line = Line(self.http, "WeChat", "http://wechat", 1.0)
        return Token(self.db, line, self.crypto, APPID, SecretStr(secret))


@asynccontextmanager
async def a_shop(url: str, clock: HandClock, crypto: SoftwareCrypto) -> AsyncIterator[Shop]:
    db = await an_open_database(url, "wechat", clock)
    shop = Shop(db, clock, crypto)
    yield shop
    await shop.http.aclose()
    await db.close()


@pytest.fixture
async def shop(database_url: str, clock: HandClock, crypto: SoftwareCrypto) -> AsyncIterator[Shop]:
    async with a_shop(database_url, clock, crypto) as opened:
        yield opened


async def test_any_number_of_replicas_ask_once(shop: Shop) -> None:
    replicas = [shop.replica() for _ in range(3)]
    found: set[str] = set()
    for _ in range(3):
        got = await asyncio.gather(*(r.get() for r in replicas for _ in range(5)), return_exceptions=True)
        assert all(isinstance(g, str | Retry) for g in got)
        found |= {g for g in got if isinstance(g, str)}
    assert len(found) == 1
    assert len(shop.network.calls) == 1


async def test_the_token_is_sealed_at_rest(shop: Shop) -> None:
    token = await shop.replica().get()
    row = await tokens.held(shop.db, APPID)
    assert row is not None
    assert token.encode() not in row["sealed"]


async def test_it_is_renewed_after_four_fifths_of_its_life(shop: Shop) -> None:
    replica = shop.replica()
    first = await replica.get()
    shop.clock.move(7200 * 0.8 - 1)
    assert await replica.get() == first
    assert len(shop.network.calls) == 1
    shop.clock.move(2)
    assert await replica.get() == first
    assert len(shop.network.calls) == 2
    shop.clock.move(7200 * 0.2)
    assert await replica.get() != first


async def test_a_token_that_is_due_still_serves_while_wechat_is_away(shop: Shop) -> None:
    replica = shop.replica()
    first = await replica.get()
    shop.clock.move(7200 * 0.85)
    shop.network.spoil(BAD_ANSWERS["500"], PATH, times=9)
    assert await replica.get() == first


async def test_a_refused_token_is_replaced_once_however_many_ask(shop: Shop) -> None:
    replica = shop.replica()
    first = await replica.get()
    shop.tokens.issued[-1].killed = True
    got = await asyncio.gather(*(replica.another(first) for _ in range(10)))
    assert len(set(got)) == 1
    assert got[0] != first
    assert len(shop.network.calls) == 2
    assert shop.tokens.forced == []


async def test_a_token_that_wechat_gives_again_though_it_refuses_it_is_forced(shop: Shop) -> None:
    replica = shop.replica()
    first = await replica.get()
    second = await replica.another(first)
    assert second != first
    assert len(shop.tokens.forced) == 1


async def test_another_replica_that_asks_is_waited_for(shop: Shop) -> None:
    async with shop.db.transaction() as tx:
        assert await tokens.may_ask(tx, APPID, ASKING)
    with pytest.raises(Retry, match="another replica"):
        await shop.replica().get()
    assert shop.network.calls == []
    shop.clock.move(ASKING.total_seconds())
    assert await shop.replica().get()


@on_one_database
async def test_a_wrong_secret_is_for_an_operator_and_is_not_repeated(shop: Shop) -> None:
    with pytest.raises(Unset) as unset:
        await shop.replica("wrong-secret").get()
    assert "wrong-secret" not in str(unset.value)
    assert await shop.replica().get()


@on_one_database
@pytest.mark.parametrize("kind", ["a page of HTML", "JSON null", "500", "another object", "nothing at all"])
async def test_garbage_in_place_of_a_token_is_no_token(kind: str, shop: Shop) -> None:
    shop.network.spoil(BAD_ANSWERS[kind], PATH)
    with pytest.raises(Unwell):
        await shop.replica().get()
    assert await shop.replica().get()


@on_one_database
@pytest.mark.parametrize("life", [b"-5", b'"7200"', b"null"])
async def test_a_token_without_a_life_is_no_token(life: bytes, shop: Shop) -> None:
    body = b'{"access_token": "abc", "expires_in": ' + life + b"}"
    shop.network.spoil(answering(200, body), PATH)
    if life == b"-5":
        assert await shop.replica().get() == "abc"
        shop.clock.move(60)
        assert await shop.replica().get() != "abc"
    else:
        with pytest.raises(Unwell):
            await shop.replica().get()


async def test_a_kept_token_that_cannot_be_opened_is_asked_for_anew(shop: Shop) -> None:
    await shop.replica().get()
    async with shop.db.transaction() as tx:
        await tokens.keep(tx, APPID, b"rubbish", tx.now + ASKING * 99, tx.now + ASKING * 99)
    assert await shop.replica().get()
