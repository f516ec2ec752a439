"""A person or an engineer who uses the public HTTP API, and nothing else."""

import asyncio
from typing import Any

import httpx

from services.kit.errors import Refused

READY_S = 120.0


class Visitor:
    """Somebody with a session; every answer that is an error becomes one clear line."""

    def __init__(self, http: httpx.AsyncClient, name: str = "", token: str = "") -> None:
        self.http = http
        self.name = name
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    async def signed_in(self, username: str, password: str) -> "Visitor":
        """Return this visitor as that person."""
        sent = {"username": username, "password": password}
        session = await self.post("/api/v1/sessions", sent)
        return Visitor(self.http, session["user"]["display_name"], session["token"])

    async def get(self, path: str, **params: Any) -> Any:
        """Return what is at a path."""
        return _content(await self.http.get(path, params=params, headers=self._headers))

    async def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """Send something and return the answer."""
        return _content(await self.http.post(path, json=body, headers=self._headers))


def _content(reply: httpx.Response) -> Any:
    if reply.is_success:
        return reply.json() if reply.content else None
    try:
        problem = reply.json()
    except ValueError:
        problem = {}
    why = problem.get("detail", f"HTTP {reply.status_code}")
    raise Refused(f"{reply.request.method} {reply.request.url.path}: {why}", mend=problem.get("mend"))


async def until_ready(http: httpx.AsyncClient, process: asyncio.subprocess.Process, log: str) -> None:
    """Wait until a process answers /ready; raise Refused with the place of its log when it never does."""
    deadline = asyncio.get_running_loop().time() + READY_S
    said = "nothing"
    while asyncio.get_running_loop().time() < deadline:
        try:
            reply = await http.get("/ready", timeout=2)
            if reply.status_code == httpx.codes.OK:
                return
            said = reply.text.strip().splitlines()[0]
        except httpx.HTTPError:
            said = "no answer yet"
        try:
            await asyncio.wait_for(process.wait(), 0.2)
        except TimeoutError:
            continue
        break
    raise Refused(f"the services do not start ({said}): {_last_words(log)}", mend=f"see {log}")


def _last_words(log: str) -> str:
    try:
        with open(log, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 (a short look)
            lines = [line.strip() for line in file.readlines()[-5:] if line.strip()]
    except OSError:
        return "no log"
    return lines[-1][:300] if lines else "an empty log"
