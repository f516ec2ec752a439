"""The gateways' HTTP contract from the gateway's side: asked until there is an answer."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from services.kit.errors import Refused
from services.kit.telemetry import log

WAIT_S = 20.0
_LONGEST_PAUSE_S = 30.0
_FINAL = (400, 404, 409, 413, 422)
"""Answers that stay the same however often one asks."""


class Contract:
    """What a gateway may ask of Yutian."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, gateway: str, key: str) -> None:
        self.http = http
        self.url = f"{base_url.rstrip('/')}/api/v1/gateways/{gateway}"
        self.headers = {"authorization": f"Bearer {key}"}

    async def lease(self, most: int) -> list[dict[str, Any]]:
        """Return work, waiting for it."""
        answer = await self._ask("POST", "/leases", {"max_batches": most, "wait_s": WAIT_S})
        found: list[dict[str, Any]] = answer.get("data", [])
        return found

    async def extend(self, lease: str) -> None:
        """Hold a lease longer."""
        await self._ask("POST", f"/leases/{lease}:extend", {})

    async def report(self, lease: str, said: Mapping[str, Any]) -> None:
        """Report on a lease; a report may be repeated."""
        await self._ask("POST", f"/leases/{lease}:report", said)

    async def receipts(self, said: Sequence[Mapping[str, str]]) -> bool:
        """Pass receipts of the network on; return whether they were taken."""
        return bool(await self._ask("POST", "/receipts", {"receipts": list(said)}))

    async def halts(self, after: int) -> tuple[list[dict[str, Any]], int]:
        """Return what to stop, waiting for it, and where to go on."""
        answer = await self._ask("GET", f"/halts?after={after}&wait={WAIT_S:g}")
        return answer.get("data", []), answer.get("next", after)

    async def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        """Ask until there is an answer; a refusal that will stay one is logged, and nothing comes of it."""
        pause = 0.5
        while True:
            reply = await self._once(method, path, body)
            if reply is not None and reply.is_success:
                answer: dict[str, Any] = reply.json()
                return answer
            if reply is not None and reply.status_code in (401, 403):
                raise Refused("the key is not this gateway's, or was revoked", mend="ask for a new key")
            if reply is not None and reply.status_code in _FINAL:
                log.warning("yutian refuses", path=path.partition("?")[0], status=reply.status_code)
                return {}
            asked = reply.headers.get("retry-after", "") if reply is not None else ""
            await asyncio.sleep(min(float(asked), _LONGEST_PAUSE_S) if asked.isdigit() else pause)
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    async def _once(self, method: str, path: str, body: Any) -> httpx.Response | None:
        try:
            return await self.http.request(
                method, self.url + path, json=body, headers=self.headers, timeout=WAIT_S + 10
            )
        except httpx.HTTPError as error:
            log.warning("yutian does not answer", error=type(error).__name__)
            return None
