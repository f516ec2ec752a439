"""What the issuer says that it has issued: asked over HTTP, and compared with what the ledger has heard."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import httpx

from services.kit.errors import Retry

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Issued:
    """A revision that has been issued."""

    warning_id: str
    revision: int
    approved_at: datetime


class Issuer(Protocol):
    """Something that knows what was issued."""

    def issued(self, only: str | None = None) -> AsyncIterator[Issued]:
        """Yield every issued revision, or those of one warning; raise Retry when nobody answers."""
        ...

    async def page(self, after: str = "", since: datetime | None = None) -> tuple[list[Issued], str]:
        """Return a page of revisions and the cursor of the next one, empty at the end."""
        ...


class HttpIssuer:
    """Asks the issuer."""

    def __init__(self, http: httpx.AsyncClient, issuer_url: str, internal_key: str) -> None:
        self.http = http
        self.url = f"{issuer_url}/api/v1/issued"
        self.headers = {"Authorization": f"Bearer {internal_key}"}

    async def issued(self, only: str | None = None) -> AsyncIterator[Issued]:
        """Yield every issued revision, or those of one warning, page by page."""
        query = {"warning": only} if only else {}
        after = ""
        while True:
            found, after = await self._asked({**query, **({"after": after} if after else {})})
            for one in found:
                yield one
            if not after:
                return

    async def page(self, after: str = "", since: datetime | None = None) -> tuple[list[Issued], str]:
        """Return a page of revisions, of those only that were approved since a moment when one is given."""
        query = {"after": after} if after else {}
        if since is not None:
            query["since"] = since.isoformat()
        return await self._asked(query)

    async def _asked(self, query: dict[str, str]) -> tuple[list[Issued], str]:
        try:
            reply = await self.http.get(self.url, params=query, headers=self.headers, timeout=PATIENCE_S)
            body = reply.raise_for_status().json()
            return [_issued(one) for one in body["data"]], body["next"] or ""
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise Retry(f"the issuer does not answer: {type(error).__name__}") from None


def _issued(one: dict[str, str]) -> Issued:
    at = datetime.fromisoformat(one["approved_at"])
    return Issued(one["warning_id"], int(one["revision"]), at)
