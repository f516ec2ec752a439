"""Calling a partner: one request, bounded in time and size, and its answer sorted by its status."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import orjson

from services.channels.push.adapter import Unconfigured, Unset, Unwell
from services.kit.errors import Reject, Retry

MOST_BYTES = 1 << 20
"""No partner has more to say than this."""

_BUSY = frozenset({408, 425, 429})
_OURS_TO_MEND = frozenset({401, 403, 404, 405, 407})
_LONGEST_WAIT_S = 600.0
_LONGEST_S = 50.0
"""All addresses together are given so long."""

_PINNED: ContextVar[str | None] = ContextVar("pinned", default=None)


@dataclass(frozen=True)
class Reply:
    """What a partner answered."""

    whom: str
    status: int
    content: bytes
    distrust: Callable[[], None] = lambda: None
    """Called when the answer cannot be used: whoever gave it is asked last from then on."""

    def json(self) -> dict[str, Any]:
        """Return the answer as a JSON object; raise Unwell when it is not one."""
        found = self.json_of_any_kind()
        if not isinstance(found, dict):
            self.distrust()
            raise Unwell(f"{self.whom} answered {self.status} with JSON that is not an object")
        return found

    def json_of_any_kind(self) -> Any:
        """Return the answer as JSON; raise Unwell when it is not that."""
        try:
            return orjson.loads(self.content)
        except ValueError:
            self.distrust()
            raise Unwell(f"{self.whom} answered {self.status} with something that is not JSON") from None


@dataclass(frozen=True)
class Call:
    """What a partner is asked, whatever the address."""

    method: str
    path: str
    understood: Collection[int]
    params: Mapping[str, str] | None
    headers: Mapping[str, str] | None
    content: bytes | None
    files: Mapping[str, tuple[str, bytes, str]] | None


@contextlib.contextmanager
def pinned(address: str) -> Iterator[None]:
    """Let every call within be made at this address of a line alone: each road is tested by itself."""
    token = _PINNED.set(address)
    try:
        yield
    finally:
        _PINNED.reset(token)


class Line:
    """The line to one partner. Its errors name the partner and the status, never the address or the body.

    `addresses` may hold several, with spaces between: where one does not answer, the next is asked, and the
    one that answered last is asked first.
    """

    def __init__(self, http: httpx.AsyncClient, whom: str, addresses: str, timeout_s: float = 10.0) -> None:
        self.http = http
        self.whom = whom
        self.addresses = tuple(dict.fromkeys(address.rstrip("/") for address in addresses.split()))
        self.timeout_s = timeout_s
        self._order = list(self.addresses)

    async def ask(
        self,
        method: str,
        path: str = "",
        *,
        understood: Collection[int] = (),
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
    ) -> Reply:
        """Return the answer with status 2xx, or one of those that the caller says he understands.

        An address that does not answer is asked last from then on; whoever gave the request an id may be
        given it twice, and knows it by that.

        Raises Unwell when the partner does not answer or answers badly, Retry when it is busy, Unset when
        an operator must see to it, Reject when the same request will never do.
        """
        call = Call(method, path, understood, params, headers, content, files)
        problem: Retry = Unconfigured(f"{self.whom} is not configured", after=10)
        for address in self._in_order():
            try:
                reply = await self._ask_at(address, call)
            except (Unwell, Unset) as trouble:
                problem = trouble
                self._last(address)
            else:
                self._first(address)
                return reply
        raise problem

    def _in_order(self) -> Sequence[str]:
        pinned = _PINNED.get()
        return [pinned] if pinned in self.addresses else list(self._order)

    def _first(self, address: str) -> None:
        if _PINNED.get() is None and self._order[0] != address:
            self._order.sort(key=lambda one: one != address)

    def _last(self, address: str) -> None:
        if _PINNED.get() is None:
            self._order.sort(key=lambda one: one == address)

    async def _ask_at(self, address: str, call: "Call") -> Reply:
        try:
            request = self.http.build_request(
                call.method,
                f"{address}{call.path}",
                params=call.params,
                headers={"accept-encoding": "identity", **(call.headers or {})},
                content=call.content,
                files=call.files,
            )
            async with asyncio.timeout(min(self.timeout_s, _LONGEST_S / len(self.addresses))):
                response, body = await self._exchange(request)
        except (TimeoutError, httpx.TimeoutException):
            raise Unwell(f"{self.whom} does not answer in time") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise Unset(f"the address of {self.whom} is not one", after=30) from None
        except (httpx.HTTPError, httpx.StreamError, OSError, ExceptionGroup) as error:
            raise Unwell(f"{self.whom} cannot be reached: {_why(error)}") from None
        if response.is_success or response.status_code in call.understood:
            return Reply(self.whom, response.status_code, body, partial(self._last, address))
        raise self._problem(response)

    async def _exchange(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        response = await self.http.send(request, stream=True, follow_redirects=False)
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Unwell(f"{self.whom} answered packed, as nobody asked it to")
            body = bytearray()
            async for part in response.aiter_raw():
                body += part
                if len(body) > MOST_BYTES:
                    raise Unwell(f"{self.whom} answered with more than {MOST_BYTES} bytes")
        finally:
            await response.aclose()
        return response, bytes(body)

    def _problem(self, response: httpx.Response) -> Retry | Reject:
        status = response.status_code
        said = f"{self.whom} answered {status}"
        if status in _BUSY:
            return Retry(said, after=_wait(response))
        if status in _OURS_TO_MEND:
            return Unset(said, after=30)
        if response.is_client_error:
            return Reject(said)
        return Unwell(said, after=_wait(response) if response.is_server_error else None)


def _wait(response: httpx.Response) -> float | None:
    """Return how long the partner wants to be left alone, where it says so in seconds."""
    said = response.headers.get("retry-after", "")
    return min(float(said), _LONGEST_WAIT_S) if said.isascii() and said.isdigit() else None


def _why(error: BaseException) -> str:
    """Return what kept us from a partner: that his certificate does not hold, else the kind of error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate does not hold ({cause.verify_message})"
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__


def quoted(said: object, *secrets: str) -> str:
    """Return a partner's own words, short and printable; words that hold a secret are not repeated."""
    text = "".join(c for c in str(said) if c.isprintable())[:120] if isinstance(said, str) else ""
    return "" if any(secret and secret in text for secret in secrets) else text
