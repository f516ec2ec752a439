"""The packets that we send: a message, a question for its state, a heartbeat.

A packet is made from its arguments alone: sent again, it has the same id and the same main file. `at` is
therefore the moment of the delivery, kept with it, not the moment of the attempt.
"""

from datetime import datetime

from lxml import etree

from contracts.delivery import DeliveryRequested
from contracts.values import Action, Mode
from contracts.warning import Notice
from services.channels.push.broadcast import archive, document, ids, signature, speech
from services.channels.push.broadcast.archive import Packet
from services.channels.push.broadcast.site import MessageType, Site
from services.kit import sm
from services.kit.errors import Refused, Reject

_DRILL_MARK = "【演练】"


def message(
    site: Site,
    request: DeliveryRequested,
    *,
    packet_id: str,
    message_id: str,
    related: str | None,
    at: datetime,
) -> bytes:
    """Return the main file of an EBM; `related` is the message that it replaces or cancels.

    A replacement without `related` is a first message: its predecessor never went out.
    """
    if request.action is Action.STOP and related is None:
        raise Refused("a cancel names the message that it ends")
    if request.action is Action.START and related is not None:
        raise Refused("a first message is related to none")
    root = _envelope(site, packet_id, "EBM", at)
    body = document.add(root, "EBM")
    document.add(body, "EBMVersion", "1")
    document.add(body, "EBMID", _message_id(message_id))
    if related is not None:
        document.add(document.add(body, "RelatedInfo"), "EBMID", _message_id(related))
    _add_basic_info(document.add(body, "MsgBasicInfo"), site, request, at)
    _add_content(document.add(body, "MsgContent"), site, request)
    return document.to_bytes(root)


def state_request(site: Site, *, packet_id: str, message_id: str, at: datetime) -> bytes:
    """Return the main file of a question: how far has this message come?"""
    root = _envelope(site, packet_id, "EBMStateRequest", at)
    body = document.add(document.add(root, "EBMStateRequest"), "EBM")
    document.add(body, "EBMID", _message_id(message_id))
    return document.to_bytes(root)


def connection_check(site: Site, *, at: datetime) -> bytes:
    """Return the main file of a heartbeat; it disturbs nobody."""
    root = _envelope(site, ids.heartbeat_id(site.ebrid), "ConnectionCheck", at)
    document.add(document.add(root, "ConnectionCheck"), "RptTime", ids.local(at))
    return document.to_bytes(root)


def sealed(site: Site, packet_id: str, main: bytes, *, at: datetime, signer: sm.Signer) -> Packet:
    """Return the packet: main file and signature file in a tar. Signing takes 20 to 100 ms of CPU."""
    files = {
        f"EBDB_{packet_id}.xml": main,
        f"EBDS_EBDB_{packet_id}.xml": signature.write(site, packet_id, main, at, signer),
    }
    return archive.pack(packet_id, files, at)


def _envelope(site: Site, packet_id: str, kind: str, at: datetime) -> etree._Element:
    if not ids.is_packet_id(packet_id):
        raise Reject("a packet number (EBDID) is 41 digits")
    root = etree.Element("EBD")
    document.add(root, "EBDVersion", site.dialect.ebd_version)
    document.add(root, "EBDID", packet_id)
    document.add(root, "EBDType", kind)
    document.add(document.add(root, "SRC"), "EBRID", site.ebrid)
    document.add(document.add(root, "DEST"), "EBRID", site.platform)
    document.add(root, "EBDTime", ids.local(at))
    return root


def _add_basic_info(info: etree._Element, site: Site, request: DeliveryRequested, at: datetime) -> None:
    notice = request.notice
    start, end = _play_window(site, request, at)
    document.add(info, "MsgType", str(_message_type(site, request).value))
    document.add(info, "SenderName", _plain(notice.sender_name))
    document.add(info, "SenderCode", site.sender_code or site.ebrid)
    document.add(info, "SendTime", ids.local(notice.sent))
    document.add(info, "EventType", notice.hazard)
    document.add(info, "Severity", str(notice.level.rank))
    document.add(info, "StartTime", ids.local(start))
    document.add(info, "EndTime", ids.local(end))


def _add_content(content: etree._Element, site: Site, request: DeliveryRequested) -> None:
    if request.batch is not None:
        raise Reject("broadcast takes areas, not a list of people")
    drill = request.mode is Mode.DRILL
    document.add(content, "LanguageCode", "zho")
    document.add(content, "MsgTitle", _plain(_title(request.notice, drill=drill)))
    short = _plain(request.notice.text.short)
    if not short.strip():
        raise Refused("the text to be read is empty")
    document.add(content, "MsgDesc", speech.spoken(short, speaker=site.speaker, drill=drill))
    document.add(content, "AreaCode", ",".join(request.targets))


def _message_type(site: Site, request: DeliveryRequested) -> MessageType:
    # The family has one way to end a message, real or not: type 2, which names the message that it ends.
    if request.action is Action.STOP:
        return MessageType.CANCEL
    return site.drill if request.mode is Mode.DRILL else MessageType.BROADCAST


def _play_window(site: Site, request: DeliveryRequested, at: datetime) -> tuple[datetime, datetime]:
    start = max(at, request.notice.effective)
    end = start + site.play_window
    if request.notice.expires > start:
        return start, min(end, request.notice.expires)
    if request.action is Action.STOP:
        return start, end
    raise Refused("the warning expired before it could be played")


def _title(notice: Notice, *, drill: bool) -> str:
    return f"{_DRILL_MARK}{notice.text.headline}" if drill else notice.text.headline


def _plain(text: str) -> str:
    """Return the text without control characters, which XML cannot carry and a loudspeaker cannot read."""
    return "".join(character if character.isprintable() else " " for character in text)


def _message_id(text: str) -> str:
    if not ids.is_message_id(text):
        raise Reject("a message number (EBMID) is 35 digits")
    return text
