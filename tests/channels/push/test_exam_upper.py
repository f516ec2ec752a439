"""The adapter to the 12379 platform takes the exam; its folder is reached by a way that a test can spoil."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
from fastapi import FastAPI

from contracts import cap
from contracts.canonical import sha256_hex
from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel
from sandbox import upper
from services.channels.push.adapter import Adapter, Unwell
from services.channels.push.calling import Line
from services.channels.push.store.serials import Serials
from services.channels.push.upper.adapter import Upper
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.channels.exam import Candidate, Network, answering
from tests.clock import HandClock

PASSWORD = "password-of-the-exam"
NAME = "/name/"
PATIENCE = timedelta(minutes=10)
MSG_TYPES = {
    Action.START: cap.MsgType.ALERT,
    Action.REPLACE: cap.MsgType.UPDATE,
    Action.STOP: cap.MsgType.CANCEL,
}


class OverHttp:
    """The folder of the sandbox, by HTTP: whatever is odd in an answer is no answer."""

    def __init__(self, line: Line) -> None:
        self.line = line

    async def put(self, path: str, content: bytes) -> None:
        await self._told("PUT", f"/put/{path}", "put", content=content)

    async def rename(self, path: str, to: str) -> bool:
        return bool(await self._told("POST", f"{NAME}{path}", "named", params={"to": to}))

    async def has(self, path: str) -> bool:
        return bool(await self._told("GET", f"/has/{path}", "has"))

    async def read(self, path: str, most: int) -> bytes | None:
        reply = await self._ask("GET", f"/file/{path}", understood={404})
        return None if reply.status == 404 else reply.content[: most + 1]

    async def remove(self, path: str) -> bool:
        return bool(await self._told("DELETE", f"/file/{path}", "removed"))

    async def _told(self, method: str, path: str, name: str, **given: Any) -> Any:
        said = (await self._ask(method, path, **given)).json()
        if name not in said:
            raise Unwell("the partner answered without a word that we know")
        return said[name]

    async def _ask(self, method: str, path: str, **given: Any) -> Any:
        headers = {"authorization": f"Bearer {PASSWORD}"}
        return await self.line.ask(method, path, headers=headers, **given)


def of_its_own(request: DeliveryRequested, part: str) -> DeliveryRequested:
    """Return a request with an identifier, references and a CAP document of its own."""
    number = int(sha256_hex(part.encode())[:4], 16)
    first = f"50011041600000_2026060{1 + number % 9}{number % 24:02d}{number % 60:02d}30"
    notice = request.notice.model_copy(
        update={
            "identifier": f"{first}_{request.revision}",
            "references": " ".join(
                cap.reference("50011041600000", f"{first}_{n}", request.notice.sent)
                for n in range(1, request.revision)
            ),
        }
    )
    alert = cap.compose(notice, MSG_TYPES[request.action], request.mode)
    return request.model_copy(update={"notice": notice, "cap_xml": cap.write(alert).decode()})


class UpperCandidate(Candidate):
    """The platform of the sandbox: it fetches at once, and acknowledges at once."""

    channel = Channel.UPPER
    path = NAME
    arrived = TargetState.RECEIVED

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        self.secrets = (PASSWORD,)
        self.platform = upper.Platform(Path(mkdtemp()), password=PASSWORD, now=clock, faults=self.faults)

    def app(self) -> FastAPI:
        return upper.create(self.platform)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        exchange = OverHttp(self.line(http, url)) if url else None
        return Upper(exchange, Serials(db), PATIENCE)

    def request(self, revision: int = 1, action: Action = Action.START, **given: Any) -> DeliveryRequested:
        return of_its_own(super().request(revision, action, **given), given.get("part", "0"))

    def _all(self) -> list[upper.Taken]:
        self.platform.look()
        return list(self.platform.taken.values())

    def said(self) -> int:
        return sum(message.msg_type != "Cancel" for message in self._all())

    def standing(self) -> int:
        self._all()
        return len(self.platform.standing())

    def lifted(self) -> int:
        return sum(message.msg_type == "Cancel" for message in self._all())

    def forget(self) -> None:
        self.platform.taken.clear()

    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        return {"refused": self._refusing} | {
            str(status): lambda network, status=status: self._breaking(network, status)
            for status in (400, 413)
        }

    def _refusing(self, network: Network) -> None:
        self.platform.refuses = "E99"

    def _breaking(self, network: Network, status: int) -> None:
        self.platform.refuses = ""
        network.spoil(answering(status), NAME, times=9)

    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        return {
            str(status): lambda network, status=status: network.spoil(answering(status), NAME, times=9)
            for status in (401, 403, 404)
        }

    def check_drill(self) -> None:
        messages = list(self.platform.taken.values())
        assert messages
        assert all(m.status == "Exercise" and "演练" in m.note for m in messages)
