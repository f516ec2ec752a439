"""Calling a partner: how each status is sorted, and what is quoted of his words."""

from collections.abc import AsyncIterator

import httpx
import pytest

from services.channels.push.adapter import Unset, Unwell
from services.channels.push.calling import MOST_BYTES, Line, quoted
from services.kit.errors import Problem, Reject, Retry

SORTED: dict[int, type[Problem]] = {
    301: Unwell,
    302: Unwell,
    307: Unwell,
    400: Reject,
    401: Unset,
    403: Unset,
    404: Unset,
    408: Retry,
    409: Reject,
    413: Reject,
    422: Reject,
    425: Retry,
    429: Retry,
    500: Unwell,
    502: Unwell,
    503: Unwell,
    504: Unwell,
}


def a_line(answer: httpx.Response, url: str = "http://partner/base/") -> Line:
    def serve(request: httpx.Request) -> httpx.Response:
        return answer

    return Line(httpx.AsyncClient(transport=httpx.MockTransport(serve)), "the partner", url, 1.0)


def unread(status: int, content: bytes = b"", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.Response(status, headers=named, stream=httpx.ByteStream(content))


@pytest.mark.parametrize(("status", "kind"), SORTED.items())
async def test_each_status_is_sorted(status: int, kind: type[Problem]) -> None:
    with pytest.raises(Problem) as raised:
        await a_line(unread(status, b"a secret", location="http://secret.example")).ask("GET", "/x")
    assert type(raised.value) is kind
    assert str(raised.value) == f"the partner answered {status}"


@pytest.mark.parametrize("status", [200, 201, 204, 422])
async def test_what_is_well_or_understood_is_returned(status: int) -> None:
    reply = await a_line(unread(status, b'{"a": 1}')).ask("GET", "/x", understood={422})
    assert (reply.status, reply.json()) == (status, {"a": 1})


@pytest.mark.parametrize(
    ("said", "after"), [("7", 7.0), ("99999", 600.0), ("soon", None), ("-1", None), ("٣", None)]
)
async def test_a_partner_may_say_when_to_come_again(said: str, after: float | None) -> None:
    answer = httpx.Response(429, headers=[(b"retry-after", said.encode())], stream=httpx.ByteStream(b""))
    with pytest.raises(Retry) as raised:
        await a_line(answer).ask("GET")
    assert raised.value.after == after


async def test_a_long_answer_is_not_read_to_its_end() -> None:
    read = 0

    class Long(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            nonlocal read
            for _ in range(100):
                read += 1
                yield b"x" * (MOST_BYTES // 4)

    with pytest.raises(Unwell, match="more than"):
        await a_line(httpx.Response(200, stream=Long())).ask("GET")
    assert read <= 6


@pytest.mark.parametrize("packing", ["gzip", "br", "deflate", "gzip, gzip"])
async def test_what_comes_packed_is_not_unpacked(packing: str) -> None:
    with pytest.raises(Unwell, match="packed"):
        await a_line(unread(200, b"\x1f\x8b\x08", content_encoding=packing)).ask("GET")


@pytest.mark.parametrize("url", ["nonsense", "ftp://partner"])
async def test_an_address_that_is_none_is_for_an_operator(url: str) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(Unset):
            await Line(http, "the partner", url, 1.0).ask("GET", "/x")


@pytest.mark.parametrize("url", ["http://[", "http://127.0.0.1:99999999", "http://127.0.0.1:1"])
async def test_an_address_where_nobody_can_be_is_tried_again(url: str) -> None:
    async with httpx.AsyncClient() as http:
        with pytest.raises(Retry):
            await Line(http, "the partner", url, 1.0).ask("GET", "/x")


async def test_without_an_address_nothing_is_configured() -> None:
    with pytest.raises(Unset, match="not configured"):
        await a_line(unread(200), url="").ask("GET")


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadError, httpx.PoolTimeout, OSError])
async def test_an_error_of_the_network_never_tells_the_address(error: type[Exception]) -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        raise error(f"cannot reach {request.url}")

    http = httpx.AsyncClient(transport=httpx.MockTransport(serve))
    with pytest.raises(Unwell) as raised:
        await Line(http, "the partner", "http://x", 1.0).ask("GET", params={"access_token": "secret"})
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__


@pytest.mark.parametrize("content", [b"", b"[]", b"7", b"null", b'{"a"', b"<html/>", b"\xff\xfe"])
async def test_what_is_no_object_is_no_answer(content: bytes) -> None:
    reply = await a_line(unread(200, content)).ask("GET")
    with pytest.raises(Unwell):
        reply.json()


def test_words_are_quoted_short_plain_and_without_secrets() -> None:
    assert quoted("第一行\n第二行\x00\u202e") == "第一行第二行"
    assert len(quoted("x" * 1000)) == 120
    assert quoted({"a": 1}) == quoted(None) == ""
    assert quoted("your key k-123 is wrong", "k-123") == ""
