"""Several addresses of one partner, and certificates that do not hold, over real TLS."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from services.channels.push.adapter import Unset, Unwell
from services.channels.push.calling import Line, pinned
from services.kit.errors import Problem, Reject


class Addresses:
    """Three addresses, of which a test says what each answers."""

    def __init__(self) -> None:
        self.answers: dict[str, int | None] = {"a": 200, "b": 200, "c": 200}
        self.asked: list[str] = []
        http = httpx.AsyncClient(transport=httpx.MockTransport(self.serve))
        self.line = Line(http, "the partner", "http://a/x http://b/x/  http://c/x http://a/x", 1.0)

    def serve(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/x/y"
        self.asked.append(request.url.host)
        status = self.answers[request.url.host]
        if status is None:
            raise httpx.ConnectError("refused")
        return httpx.Response(status, stream=httpx.ByteStream(b"[]"))

    async def ask(self) -> str:
        self.asked.clear()
        reply = await self.line.ask("GET", "/y")
        assert reply.status == 200
        return "".join(self.asked)


async def test_who_answered_last_is_asked_first_and_who_did_not_last() -> None:
    roads = Addresses()
    assert await roads.ask() == "a"
    roads.answers |= {"a": None}
    assert await roads.ask() == "ab"
    roads.answers |= {"a": 200}
    assert await roads.ask() == "b"
    roads.answers |= {"b": 503}
    assert await roads.ask() == "bc"
    roads.answers |= {"c": 404}
    assert await roads.ask() == "ca"
    assert await roads.ask() == "a"


async def test_when_nobody_answers_each_is_asked_once() -> None:
    roads = Addresses()
    roads.answers = dict.fromkeys("abc")
    with pytest.raises(Unwell):
        await roads.line.ask("GET", "/y")
    assert roads.asked == ["a", "b", "c"]


async def test_a_refusal_is_an_answer_and_no_other_address_is_tried() -> None:
    roads = Addresses()
    roads.answers |= {"a": 422}
    with pytest.raises(Reject):
        await roads.line.ask("GET", "/y")
    assert roads.asked == ["a"]


async def test_a_wrong_door_at_every_address_is_for_an_operator() -> None:
    roads = Addresses()
    roads.answers = dict.fromkeys("abc", 403)
    with pytest.raises(Unset):
        await roads.line.ask("GET", "/y")


async def test_an_answer_that_is_of_no_use_makes_an_address_the_last() -> None:
    roads = Addresses()
    with pytest.raises(Unwell):
        (await roads.line.ask("GET", "/y")).json()
    assert await roads.ask() == "b"


async def test_a_test_of_one_address_asks_that_alone_and_changes_no_order() -> None:
    roads = Addresses()
    roads.answers |= {"b": None}
    with pinned("http://b/x"), pytest.raises(Unwell):
        await roads.line.ask("GET", "/y")
    assert roads.asked == ["b"]
    with pinned("http://c/x"):
        assert await roads.ask() == "c"
    assert await roads.ask() == "a"


def _certificate(folder: Path, days: int) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "partner")])
    ends = datetime.now(UTC) + timedelta(days=days)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(ends - timedelta(days=30))
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / f"partner{days}.pem"
    path.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    return path


async def _served(pem: Path) -> AsyncIterator[int]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem)
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.mark.parametrize(("days", "why"), [(10, ""), (-1, "certificate has expired")])
async def test_a_certificate_that_has_expired_is_named_as_the_trouble(
    days: int, why: str, tmp_path: Path
) -> None:
    pem = _certificate(tmp_path, days)
    trusting = ssl.create_default_context(cafile=str(pem))
    async for port in _served(pem):
        async with httpx.AsyncClient(verify=trusting) as http:
            line = Line(http, "the partner", f"https://127.0.0.1:{port}", 5)
            if not why:
                assert (await line.ask("GET", "/")).status == 200
                continue
            with pytest.raises(Problem) as raised:
                await line.ask("GET", "/")
    if why:
        said = str(raised.value)
        assert said == f"the partner cannot be reached: its certificate does not hold ({why})"
