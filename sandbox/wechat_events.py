"""How the WeChat server posts an event to an account's address: signed, and again until it is taken."""

import contextlib
import hashlib
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass

import httpx

PATIENCE_S = 20.0
"""So long an answer to an event is waited for: on a small computer all stations report at the same moment."""

_TRIES = 3
"""How often WeChat posts an event until somebody answers `success`."""


@dataclass(frozen=True)
class Door:
    """Where an account takes events, and the token by which it knows that they are WeChat's."""

    url: str
    token: str
    http: httpx.AsyncClient | None = None
    """Who posts; None makes a client for each event."""

    async def post(self, event: str, stamp: int) -> bool:
        """Post an event until it is taken; return whether it was."""
        async with self._client() as client:
            for _ in range(_TRIES):
                if await self._posted(client, event, str(stamp)):
                    return True
        return False

    @contextlib.asynccontextmanager
    async def _client(self) -> AsyncIterator[httpx.AsyncClient]:
        if self.http is not None:
            yield self.http
            return
        # Without TLS there are no certificates to be read: that takes longer than all the rest.
        async with httpx.AsyncClient(verify=self.url.startswith("https:")) as client:
            yield client

    async def _posted(self, client: httpx.AsyncClient, event: str, stamp: str) -> bool:
        nonce = secrets.token_hex(5)
        proof = "".join(sorted((self.token, stamp, nonce)))
        signature = hashlib.sha1(proof.encode()).hexdigest()
        signed = {"signature": signature, "timestamp": stamp, "nonce": nonce}
        head = {"content-type": "text/xml"}
        try:
            answer = await client.post(
                self.url, params=signed, content=event, headers=head, timeout=PATIENCE_S
            )
        except httpx.HTTPError:
            return False
        return answer.is_success and answer.text in {"success", ""}
