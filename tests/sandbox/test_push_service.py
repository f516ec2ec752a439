"""The push service of the sandbox is as strict as the real ones; its browsers open what is theirs alone."""

import asyncio
import json
import os
from datetime import timedelta

import http_ece
import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sandbox.browsers import Browser
from sandbox.webpush import Service, create
from tests.clock import HandClock
from tests.sandbox.sandbox_make import START, calling

ORIGIN = "https://push.example:8443"
SAID = b'{"id":"w","revision":1,"halted":false,"over":false,"tell":["t"]}'
OURS, ANOTHER = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def a_key(key: ec.EllipticCurvePrivateKey) -> str:
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return jwt.utils.base64url_encode(point).decode()


def vapid(*, signed_by: ec.EllipticCurvePrivateKey = OURS, **changes: object) -> str:
    claims = {"aud": ORIGIN, "sub": "mailto:a@b.example", "exp": (START + timedelta(hours=1)).timestamp()}
    token = jwt.encode(claims | changes, signed_by, algorithm="ES256")
    return f"vapid t={token}, k={a_key(OURS)}"


def closed(browser: Browser, said: bytes = SAID) -> bytes:
    """Close a message by a library that the sandbox does not use."""
    sender = ec.generate_private_key(ec.SECP256R1())
    return http_ece.encrypt(
        said, salt=os.urandom(16), private_key=sender, dh=browser.public, auth_secret=browser.auth
    )


@pytest.fixture
def service() -> Service:
    return Service(ORIGIN, now=HandClock(START))


async def push(service: Service, endpoint: str, body: bytes, **headers: str | None) -> httpx.Response:
    given = {"ttl": "60", "content-encoding": "aes128gcm", "authorization": vapid(), **headers}
    named = {name.replace("_", "-"): value for name, value in given.items() if value is not None}
    async with calling(create(service)) as http:
        return await http.post(endpoint.removeprefix(ORIGIN), content=body, headers=named)


async def test_a_message_is_taken_and_opened_by_its_browser_alone(service: Service) -> None:
    browser, stranger = Browser(), Browser()
    endpoint = service.add(browser, a_key(OURS))
    answer = await push(service, endpoint, closed(browser))
    assert answer.status_code == 201
    assert answer.headers["location"].startswith(ORIGIN)
    assert [said["revision"] for said in browser.shown] == [1]
    await push(service, endpoint, closed(stranger))
    assert (browser.garbled, len(browser.shown)) == (1, 1)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"ttl": None}, 400),
        ({"ttl": "soon"}, 400),
        ({"urgency": "very"}, 400),
        ({"topic": "x" * 33}, 400),
        ({"topic": "a b"}, 400),
        ({"content_encoding": "aesgcm"}, 400),
        ({"authorization": None}, 401),
        ({"authorization": "Bearer x"}, 401),
        ({"authorization": vapid(aud="https://push.example")}, 403),
        ({"authorization": vapid(sub="nobody")}, 403),
        ({"authorization": vapid(exp=START.timestamp() - 1)}, 403),
        ({"authorization": vapid(exp=(START + timedelta(hours=25)).timestamp())}, 403),
        ({"authorization": vapid(signed_by=ANOTHER)}, 403),
        ({"authorization": "vapid t=a.b.c, k=AAAA"}, 403),
    ],
)
async def test_what_is_not_as_it_must_be_is_refused(
    headers: dict[str, str | None], status: int, service: Service
) -> None:
    browser = Browser()
    endpoint = service.add(browser, a_key(OURS))
    answer = await push(service, endpoint, closed(browser), **headers)
    assert answer.status_code == status
    assert browser.received == []


async def test_a_subscription_is_its_senders_and_may_be_gone(service: Service) -> None:
    browser = Browser()
    endpoint = service.add(browser, a_key(ANOTHER))
    assert (await push(service, endpoint, closed(browser))).status_code == 403
    service.gone.add(endpoint.rsplit("/", 1)[1])
    assert (await push(service, endpoint, closed(browser))).status_code == 410
    assert (await push(service, f"{ORIGIN}/push/nobody", b"")).status_code == 404


async def test_too_long_a_message_is_refused(service: Service) -> None:
    browser = Browser()
    answer = await push(service, service.add(browser), b"x" * 4097)
    assert answer.status_code == 413


async def test_browsers_ask_again_until_the_house_is_there_and_hears_them(service: Service) -> None:
    answers = iter((None, 503, 422, 201, 201))
    asked: list[str] = []

    async def house(request: httpx.Request) -> httpx.Response:
        asked.append(json.loads(request.content)["endpoint"])
        status = next(answers)
        if status is None:
            raise httpx.ConnectError("nobody is there")
        return httpx.Response(status)

    endpoints = {service.add(Browser(towns=("500110110",))) for _ in range(2)}
    service.http = httpx.AsyncClient(transport=httpx.MockTransport(house), base_url="http://ours")
    running = asyncio.ensure_future(service.run())
    async with asyncio.timeout(20):
        while service.view()["subscribed"] < 2:
            await asyncio.sleep(0.01)
    running.cancel()
    assert set(asked) == endpoints
    assert len(asked) == 5
