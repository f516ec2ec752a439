"""Calling a partner: one request, bounded in time and size, and its answer sorted by its status."""

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Reply:
    """What a partner answered."""

    whom: str
    status: int
    content: bytes

    def json(self) -> dict[str, Any]:
        """Return the answer as a JSON object; raise Unwell when it is not one."""
        found = self.json_of_any_kind()
        if not isinstance(found, dict):
            raise Unwell(f"{self.whom} answered {self.status} with JSON that is not an object")
        return found

    def json_of_any_kind(self) -> Any:
        """Return the answer as JSON; raise Unwell when it is not that."""
        try:
            return orjson.loads(self.content)
        except ValueError:
            raise Unwell(f"{self.whom} answered {self.status} with something that is not JSON") from None


class Line:
    """The line to one partner. Its errors name the partner and the status, never the address or the body."""

    def __init__(self, http: httpx.AsyncClient, whom: str, base_url: str, timeout_s: float = 10.0) -> None:
        self.http = http
        self.whom = whom
        self.base_url = base_url.rstrip("/")
        self.timeout_s = timeout_s

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

        Raises Unwell when the partner does not answer or answers badly, Retry when it is busy, Unset when
        an operator must see to it, Reject when the same request will never do.
        """
        if not self.base_url:
            raise Unconfigured(f"{self.whom} is not configured", after=10)
        try:
            request = self.http.build_request(
                method,
                f"{self.base_url}{path}",
                params=params,
                headers={"accept-encoding": "identity", **(headers or {})},
                content=content,
                files=files,
            )
            async with asyncio.timeout(self.timeout_s):
                response, body = await self._exchange(request)
        except (TimeoutError, httpx.TimeoutException):
            raise Unwell(f"{self.whom} does not answer in time") from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol):
            raise Unset(f"the address of {self.whom} is not one", after=30) from None
        except (httpx.HTTPError, httpx.StreamError, OSError, ExceptionGroup) as error:
            raise Unwell(f"{self.whom} cannot be reached: {type(error).__name__}") from None
        if response.is_success or response.status_code in understood:
            return Reply(self.whom, response.status_code, body)
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


def quoted(said: object, *secrets: str) -> str:
    """Return a partner's own words, short and printable; words that hold a secret are not repeated."""
    text = "".join(c for c in str(said) if c.isprintable())[:120] if isinstance(said, str) else ""
    return "" if any(secret and secret in text for secret in secrets) else text
