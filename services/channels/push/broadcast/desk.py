"""A desk at one platform: a packet goes out signed, and what comes back is read before it is believed."""

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from services.channels.push.adapter import Unwell
from services.channels.push.broadcast import answers, ids, packet
from services.channels.push.broadcast.answers import Receipt, ResultCode, StateReport
from services.channels.push.broadcast.archive import Unreadable
from services.channels.push.broadcast.audio import Audio
from services.channels.push.broadcast.draft import Drafts
from services.channels.push.broadcast.site import Site
from services.channels.push.calling import Line, quoted
from services.channels.push.skew import TheirClock
from services.kit import sm
from services.kit.errors import Reject, Retry


@dataclass(frozen=True)
class Desk:
    """All that is needed to speak to one platform in one mode."""

    line: Line
    site: Site
    signer: sm.Signer
    platform_key: sm.Verifier
    clock: TheirClock = field(default_factory=TheirClock)

    async def post(
        self,
        packet_id: str,
        main: bytes,
        drafts: Drafts,
        *,
        signed: bool = True,
        audio: Audio | None = None,
    ) -> Receipt:
        """Return the receipt of a packet."""
        said = await self._exchange(packet_id, main, drafts, signed=signed, audio=audio)
        if not isinstance(said, Receipt):
            raise Unwell("the platform answered a message with a state")
        return said

    async def state(self, message_id: str, drafts: Drafts) -> StateReport | None:
        """Return how far a message has come, None when the platform does not know it."""
        packet_id = await drafts.packet_id(self.site)
        at = drafts.clock.now()
        main = packet.state_request(self.site, packet_id=packet_id, message_id=message_id, at=at)
        said = await self._exchange(packet_id, main, drafts)
        if isinstance(said, StateReport):
            if said.message_id != message_id:
                raise Unwell("the platform told the state of another message")
            return said
        if said.code.final_refusal:
            return None
        raise Unwell("the platform answered a question for a state with a receipt")

    async def check_connection(self, drafts: Drafts) -> None:
        """Send a heartbeat; raise when it is not answered well."""
        main = packet.connection_check(self.site, at=drafts.clock.now())
        accept(await self.post(ids.heartbeat_id(self.site.ebrid), main, drafts, signed=False))

    async def _exchange(
        self,
        packet_id: str,
        main: bytes,
        drafts: Drafts,
        *,
        signed: bool = True,
        audio: Audio | None = None,
    ) -> Receipt | StateReport:
        """Sign, send, and read what comes back; signing and verifying take a tenth of a second of CPU."""
        by: dict[str, Any] = {"at": drafts.clock.now(), "signer": self.signer, "audio": audio}
        sealed = await asyncio.to_thread(partial(packet.sealed, self.site, packet_id, main, **by))
        part = (sealed.file_name, sealed.content, "application/x-tar")
        reply = await self.line.ask("POST", files={"file": part})
        key = self.platform_key if signed else None
        try:
            said = await asyncio.to_thread(answers.read, self.site, reply.content, key)
        except Unreadable as error:
            reply.distrust()
            raise Unwell(f"the platform's answer cannot be used: {error.why}") from None
        if said.related != packet_id:
            raise Unwell("the platform answered another packet")
        self.clock.seen(said.at, drafts.clock.now())
        return said


def accept(receipt: Receipt) -> None:
    """Raise unless the packet was accepted."""
    if receipt.code is ResultCode.NOT_PROCESSED:
        raise Retry("the platform has not processed the packet")
    if receipt.code.final_refusal:
        words = quoted(receipt.description)
        raise Reject(f"the platform refused the packet with ResultCode {receipt.code.value}: {words}")
