"""A district broadcast platform: takes EBD packets, plays them, cancels them, says how far it has come."""

import asyncio
import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI, Request, Response
from lxml import etree
from starlette.datastructures import UploadFile

from sandbox import ebd, ebd_attacks, ebd_media
from sandbox.announcement import CANCEL, Announcement, announcement
from sandbox.faults import FaultKind, Faults, install

ACCEPTED = 1
WAITING, PLAYING, PLAYED, FAILED, CANCELLED = 1, 2, 3, 4, 5
_STATE_NAMES = {1: "等待播发", 2: "播发中", 3: "播发成功", 4: "播发失败", 5: "播发取消"}


@dataclass
class Platform:
    """The platform and all that it holds; keys are bytes: 32 the private one, 65 the partner's public one."""

    ebrid: str
    partner: str
    secret: bytes
    partner_key: bytes
    certificate: str = "00000000000000000001"
    region: str = "500110"
    waits_s: float = 0.4
    """From receipt to the first loudspeaker."""
    plays_s: float = 0.8
    loudspeakers: int = 12
    """In each area."""
    deaf_areas: set[str] = field(default_factory=set)
    """Areas whose loudspeakers do not answer: their messages end as failed in part."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    messages: dict[str, Announcement] = field(default_factory=dict)
    packets: dict[str, str] = field(default_factory=dict)
    """EBDID to the hash of its main file."""
    received: int = 0
    repeated: int = 0
    heartbeats: int = 0
    attacks: int = 0
    refusals: list[tuple[str, int, str]] = field(default_factory=list)
    """File name, ResultCode and reason of what was not taken."""
    push_to: str | None = None
    """Where the partner takes packets, as his own say it."""
    _serial: int = 0
    _hand: threading.Lock = field(default_factory=threading.Lock)

    def on_air(self) -> list[Announcement]:
        """Return what loudspeakers play at this moment."""
        return [message for message in self.messages.values() if self.state_of(message) == PLAYING]

    def state_of(self, message: Announcement) -> int:
        """Return the BrdStateCode of a message at this moment."""
        begins = max(message.received_at, message.start) + timedelta(seconds=self.waits_s)
        if message.ended_at is not None:
            return CANCELLED
        if self.now() < begins:
            return WAITING
        if message.message_type == CANCEL:
            return PLAYED
        if self.now() < begins + timedelta(seconds=self.plays_s):
            return PLAYING
        return FAILED if self.deaf_areas & set(message.areas) else PLAYED

    def answer(self, file_name: str, content: bytes) -> tuple[str, bytes]:
        """Return the signed tar that answers a posted one."""
        with self._hand:
            self.received += 1
            related = None
            try:
                related = ebd.packet_id_of(file_name)
                body = self._taken(ebd.read(file_name, content, self.partner_key))
            except ebd.PacketError as refusal:
                self.refusals.append((file_name[:80], refusal.code, refusal.why))
                body = _response(refusal.code, refusal.why)
            name, answer = self.written(body, related)
            if self.faults.take(FaultKind.HOSTILE, "/ebd"):
                self.attacks += 1
                answer = ebd_attacks.attack(self.attacks, name, answer)
            return name, answer

    def written(self, body: etree._Element, related: str | None = None) -> tuple[str, bytes]:
        """Return the name and the bytes of a signed packet to the partner."""
        self._serial += 1
        forged = self.faults.take(FaultKind.FORGE, "/ebd")
        secret = bytes(31) + b"\x07" if forged else self.secret
        party = ebd.Party(self.ebrid, secret, self.certificate)
        return ebd.write(party, self.partner, f"10{self.ebrid}{self._serial:016d}", body, related, self.now())

    def view(self) -> dict[str, Any]:
        """Return what the platform holds, as GET /state shows it."""
        messages = [
            {
                "ebm_id": m.ebm_id,
                "message_type": m.message_type,
                "event_type": m.event_type,
                "severity": m.severity,
                "title": m.title,
                "text": m.text,
                "areas": list(m.areas),
                "related": m.related,
                "drill": m.drill,
                "media": list(m.media),
                "received_at": m.received_at.isoformat(),
                "state": self.state_of(m),
            }
            for m in self.messages.values()
        ]
        return {
            "received": self.received,
            "repeated": self.repeated,
            "heartbeats": self.heartbeats,
            "refusals": [list(refusal) for refusal in self.refusals],
            "messages": messages,
            "on_air": [m.ebm_id for m in self.on_air()],
        }

    def _taken(self, inbound: ebd.Inbound) -> etree._Element:
        if fault := self.faults.take(FaultKind.REFUSE, "/ebd"):
            raise ebd.PacketError(fault.code or ebd.OTHER, "the platform refuses, as it was told to")
        if inbound.source != self.partner or inbound.destination not in (None, self.ebrid):
            raise ebd.PacketError(ebd.OTHER, "the packet is not from the agreed partner to this platform")
        if inbound.kind == "ConnectionCheck":
            ebd.moment(ebd.text(inbound.body, "RptTime"))
            self.heartbeats += 1
            return _response(ACCEPTED, "连接正常")
        if inbound.kind == "EBMStateRequest":
            return self._state(ebd.text(inbound.body, "EBM/EBMID"))
        if inbound.kind != "EBM":
            raise ebd.PacketError(ebd.OTHER, f"{inbound.kind} is not taken here")
        return self._message(inbound)

    def _message(self, inbound: ebd.Inbound) -> etree._Element:
        digest = hashlib.sha256(inbound.main).hexdigest()
        if (earlier := self.packets.get(inbound.ebd_id)) is not None:
            if earlier != digest:
                raise ebd.PacketError(ebd.OTHER, "the EBDID was used for another packet")
            self.repeated += 1
            return _response(ACCEPTED, "重复数据包")
        message = announcement(inbound.body, self.region, self.now())
        message.media = ebd_media.checked(inbound)
        self.push_to = inbound.url or self.push_to
        if message.ebm_id in self.messages:
            raise ebd.PacketError(ebd.OTHER, "the EBMID was used for another message")
        if message.related is not None:
            self._end(message.related)
        self.messages[message.ebm_id] = message
        self.packets[inbound.ebd_id] = digest
        return _response(ACCEPTED, "解析正确")

    def _end(self, ebm_id: str) -> None:
        earlier = self.messages.get(ebm_id)
        if earlier is None:
            raise ebd.PacketError(ebd.OTHER, "the related message is unknown")
        earlier.ended_at = earlier.ended_at or self.now()

    def _state(self, ebm_id: str) -> etree._Element:
        message = self.messages.get(ebm_id)
        if message is None:
            raise ebd.PacketError(ebd.OTHER, "the message is unknown")
        return state_response(self, message)


def create(state: Platform) -> FastAPI:
    """Return the platform as a web application: POST /ebd, with the packet as the part named `file`."""
    app = FastAPI(title="Broadcast platform", docs_url=None, redoc_url=None)
    install(app, state.faults, state.view)

    @app.post("/ebd")
    async def receive(request: Request) -> Response:
        async with request.form(max_files=1, max_fields=8) as form:
            part = form.get("file")
            if not isinstance(part, UploadFile):
                return Response("the part named file is missing", status_code=400)
            content = await part.read(ebd.MOST_BYTES + 1)
            if len(content) > ebd.MOST_BYTES:
                return Response("too long", status_code=413)
            name, answer = await asyncio.to_thread(state.answer, part.filename or "", content)
        head = {"content-disposition": f'attachment; filename="{name}"'}
        return Response(answer, media_type="application/x-tar", headers=head)

    return app


def _response(code: int, description: str) -> etree._Element:
    body = etree.Element("EBDResponse")
    ebd.put(body, "ResultCode", str(code))
    ebd.put(body, "ResultDesc", description)
    return body


def state_response(platform: Platform, message: Announcement) -> etree._Element:
    """Return the body that says how far a message has come."""
    code, now = platform.state_of(message), ebd.local(platform.now())
    covered = [area for area in message.areas if area not in platform.deaf_areas]
    started = code in (PLAYING, PLAYED, FAILED)
    body = etree.Element("EBMStateResponse")
    ebd.put(body, "RptTime", now)
    ebd.put(ebd.put(body, "EBM"), "EBMID", message.ebm_id)
    ebd.put(body, "BrdStateCode", str(code))
    ebd.put(body, "BrdStateDesc", _STATE_NAMES[code])
    if started:
        coverage = ebd.put(body, "Coverage")
        ebd.put(coverage, "CoverageRate", f"{len(covered) / len(message.areas):.2f}")
        ebd.put(coverage, "AreaCode", ",".join(covered))
        ebd.put(coverage, "ResBrdStat", f"1,0,1,{len(covered) * platform.loudspeakers}")
    item = ebd.put(ebd.put(body, "ResBrdInfo"), "ResBrdItem")
    ebd.put(ebd.put(item, "EBRPS"), "EBRID", platform.ebrid)
    ebd.put(ebd.put(item, "EBRAS"), "EBRID", platform.ebrid)
    system = ebd.put(item, "EBRBS")
    ebd.put(system, "RptTime", now)
    ebd.put(system, "BrdSysInfo", f"{platform.ebrid},大喇叭")
    ebd.put(system, "StartTime", ebd.local(message.start))
    ebd.put(system, "EndTime", ebd.local(message.end))
    ebd.put(system, "BrdStateCode", str(code))
    ebd.put(system, "BrdStateDesc", _STATE_NAMES[code])
    return body
