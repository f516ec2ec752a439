"""A person or an engineer who uses the public HTTP API, and nothing else."""

import asyncio
import time
from typing import Any

import httpx
from pyotp import TOTP

from services.kit.errors import Refused

READY_S = 120.0


class Visitor:
    """Somebody with a session; every answer that is an error becomes one clear line."""

    def __init__(self, http: httpx.AsyncClient, name: str = "", token: str = "") -> None:
        self.http = http
        self.name = name
        self._headers = {"authorization": f"Bearer {token}"} if token else {}

    async def signed_in(self, account: dict[str, Any]) -> "Visitor":
        """Return this visitor as the person of an account."""
        session = await self.session_of(account)
        return Visitor(self.http, session["user"]["display_name"], session["token"])

    async def session_of(self, account: dict[str, Any]) -> dict[str, Any]:
        """Open a session by password and, where there is a second factor, its code."""
        sent = {name: account[name] for name in ("username", "password")}
        secret = account.get("totp_secret")
        reply = await self._sign_in(sent) if secret is None else await self._with_code(sent, secret)
        found: dict[str, Any] = _content(reply)
        return found

    async def _sign_in(self, sent: dict[str, str]) -> httpx.Response:
        return await self.http.post("/api/v1/sessions", json=sent)

    async def _with_code(self, sent: dict[str, str], secret: str) -> httpx.Response:
        """Send the code of now; used already, the next one, as a phone whose clock is fast would show it."""
        known = TOTP(secret)
        for ahead in (0, 1, 1):
            now = time.time()
            reply = await self._sign_in({**sent, "code": known.at(now, counter_offset=ahead)})
            if reply.status_code != httpx.codes.UNAUTHORIZED or "code-wrong" not in reply.text:
                break
            if ahead:
                await asyncio.sleep(known.interval - now % known.interval)
        return reply

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
