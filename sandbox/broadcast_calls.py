"""What a broadcast platform says of its own accord: states as they change, heartbeats, questions."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import datetime

import httpx
from lxml import etree

from sandbox import ebd
from sandbox.broadcast import ACCEPTED, Platform, state_response
from sandbox.faults import EVENTS, FaultKind

LOOK_S = 0.5
_FINAL = (3, 4, 5)


@dataclass
class Caller:
    """Posts the packets of a platform to its partner, at the address that the partner's packets name."""

    platform: Platform
    http: httpx.AsyncClient
    told: dict[str, int] = field(default_factory=dict)
    """The state that the partner has taken, of each message."""

    async def run(self) -> None:
        """Tell for ever of every message whose state has changed."""
        while True:
            await self.tell()
            await asyncio.sleep(LOOK_S)

    async def tell(self) -> int:
        """Tell of every message whose state has changed; return how many were taken."""
        taken = 0
        for ebm_id, message in list(self.platform.messages.items()):
            state = self.platform.state_of(message)
            if self.told.get(ebm_id) in (state, *_FINAL):
                continue
            with contextlib.suppress(httpx.HTTPError, ebd.PacketError, ValueError):
                if await self._said(state_response(self.platform, message)) == ACCEPTED:
                    self.told[ebm_id] = state
                    taken += 1
        return taken

    async def heartbeat(self) -> int:
        """Send a heartbeat; return the ResultCode of the answer."""
        body = etree.Element("ConnectionCheck")
        ebd.put(body, "RptTime", ebd.local(self.platform.now()))
        return await self._said(body)

    async def ask(
        self, kind: str, since: datetime | None = None, until: datetime | None = None, report: str = "Full"
    ) -> etree._Element:
        """Ask for operations data; return the body of the answer, whatever its kind."""
        body = etree.Element("OMDRequest")
        ebd.put(body, "OMDType", kind)
        params = ebd.put(body, "Params")
        for name, at in (("RptStartTime", since), ("RptEndTime", until)):
            if at is not None:
                ebd.put(params, name, ebd.local(at))
        ebd.put(params, "RptType", report)
        return (await self.post(body)).body

    async def _said(self, body: etree._Element) -> int:
        times = 2 if self.platform.faults.take(FaultKind.TWICE, EVENTS) else 1
        answers = [await self.post(body) for _ in range(times)]
        return int(ebd.text(answers[-1].body, "ResultCode"))

    async def post(self, body: etree._Element) -> ebd.Inbound:
        """Post a packet and return the partner's answer, read as strictly as what he sends."""
        if late := self.platform.faults.take(FaultKind.LATE, EVENTS):
            await asyncio.sleep(late.seconds)
        name, content = await asyncio.to_thread(self.platform.written, body)
        part = {"file": (name, content, "application/x-tar")}
        reply = await self.http.post(self.platform.push_to or "", files=part)
        reply.raise_for_status()
        given = reply.headers["content-disposition"].split('filename="')[1].rstrip('"')
        answer = await asyncio.to_thread(ebd.read, given, reply.content, self.platform.partner_key)
        if answer.related != ebd.packet_id_of(name):
            raise ebd.PacketError(ebd.OTHER, "another packet is answered")
        return answer
