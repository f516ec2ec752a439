"""The packets that we send: a message, a question for its state, a heartbeat.

A packet is made from its arguments alone: sent again, it has the same id and the same main file. `at` is
therefore the moment of the delivery, kept with it, not the moment of the attempt.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from lxml import etree

from contracts.delivery import DeliveryRequested
from contracts.values import Action, Mode
from contracts.warning import Notice
from services.channels import speech
from services.channels.push.broadcast import archive, document, ids, signature
from services.channels.push.broadcast.archive import Packet
from services.channels.push.broadcast.audio import Audio, Library
from services.channels.push.broadcast.site import MessageType, Site
from services.kit import sm
from services.kit.errors import Refused, Reject

_DRILL_MARK = "【演练】"
_AUDIO = "2"
"""Of the kinds of Auxiliary: 1 text, 2 audio, 3 picture, 4 video, 5 a device's stream."""

Wording = Callable[[str, Site, bool], str]
"""How the short text of a warning is put for a site, in a drill or not."""


def read_aloud(short: str, site: Site, drill: bool) -> str:
    """Return what loudspeakers read: twice, with times and amounts written out."""
    return speech.spoken(short, speaker=site.speaker, drill=drill)


def message(
    site: Site,
    request: DeliveryRequested,
    *,
    packet_id: str,
    message_id: str,
    related: str | None,
    at: datetime,
    behind_s: int = 0,
    audio: Audio | None = None,
    text: Wording = read_aloud,
) -> bytes:
    """Return the main file of an EBM; `related` is the message that it replaces or cancels.

    A replacement without `related` is a first message: its predecessor never went out. `behind_s` is how far
    the platform's clock is behind ours, `audio` what is played beside the text, `text` how the text is put.
    """
    if request.action is Action.STOP and related is None:
        raise Refused("a cancel names the message that it ends")
    if request.action is Action.START and related is not None:
        raise Refused("a first message is related to none")
    root = envelope(site, packet_id, "EBM", at)
    body = document.add(root, "EBM")
    document.add(body, "EBMVersion", "1")
    document.add(body, "EBMID", _message_id(message_id))
    if related is not None:
        document.add(document.add(body, "RelatedInfo"), "EBMID", _message_id(related))
    window = _play_window(site, request, at, timedelta(seconds=behind_s))
    _add_basic_info(document.add(body, "MsgBasicInfo"), site, request, window)
    content = document.add(body, "MsgContent")
    _add_content(content, site, request, text)
    if audio is not None:
        _add_audio(content, audio)
    return document.to_bytes(root)


def audio_of(library: Library, request: DeliveryRequested) -> Audio | None:
    """Return what is played beside the text; a cancel plays nothing."""
    return None if request.action is Action.STOP else library.of(request)


def state_request(site: Site, *, packet_id: str, message_id: str, at: datetime) -> bytes:
    """Return the main file of a question: how far has this message come?"""
    root = envelope(site, packet_id, "EBMStateRequest", at)
    body = document.add(document.add(root, "EBMStateRequest"), "EBM")
    document.add(body, "EBMID", _message_id(message_id))
    return document.to_bytes(root)


def connection_check(site: Site, *, at: datetime) -> bytes:
    """Return the main file of a heartbeat; it disturbs nobody."""
    root = envelope(site, ids.heartbeat_id(site.ebrid), "ConnectionCheck", at)
    document.add(document.add(root, "ConnectionCheck"), "RptTime", ids.local(at))
    return document.to_bytes(root)


def sealed(
    site: Site,
    packet_id: str,
    main: bytes,
    *,
    at: datetime,
    signer: sm.Signer,
    audio: Audio | None = None,
) -> Packet:
    """Return the packet: main file, signature file and media in a tar. Signing takes 20 to 100 ms of CPU."""
    files = {
        f"EBDB_{packet_id}.xml": main,
        f"EBDS_EBDB_{packet_id}.xml": signature.write(site, packet_id, main, at, signer),
    }
    if audio is not None:
        files[audio.name] = audio.content
    return archive.pack(packet_id, files, at)


def envelope(
    site: Site, packet_id: str, kind: str, at: datetime, related: str | None = None
) -> etree._Element:
    """Return the envelope of a packet, `related` being the one that it answers; its body is still to come."""
    if not ids.is_packet_id(packet_id):
        raise Reject("a packet number (EBDID) is 41 digits")
    root = etree.Element("EBD")
    document.add(root, "EBDVersion", site.dialect.ebd_version)
    document.add(root, "EBDID", packet_id)
    document.add(root, "EBDType", kind)
    source = document.add(root, "SRC")
    document.add(source, "EBRID", site.ebrid)
    if site.url:
        document.add(source, "URL", site.url)
    document.add(document.add(root, "DEST"), "EBRID", site.platform)
    document.add(root, "EBDTime", ids.local(at))
    if related is not None:
        document.add(document.add(root, "RelatedEBD"), "EBDID", related)
    return root


def _add_basic_info(
    info: etree._Element, site: Site, request: DeliveryRequested, window: tuple[datetime, datetime]
) -> None:
    notice, (start, end) = request.notice, window
    document.add(info, "MsgType", str(_message_type(site, request).value))
    document.add(info, "SenderName", _plain(notice.sender_name))
    document.add(info, "SenderCode", site.sender_code or site.ebrid)
    document.add(info, "SendTime", ids.local(notice.sent))
    document.add(info, "EventType", notice.hazard)
    document.add(info, "Severity", str(notice.level.rank))
    document.add(info, "StartTime", ids.local(start))
    document.add(info, "EndTime", ids.local(end))


def add_short_info(message: etree._Element, site: Site, request: DeliveryRequested) -> None:
    """Add what a record of plays repeats of a message: all but the text and the media."""
    notice = request.notice
    window = notice.effective, max(notice.expires, notice.effective)
    _add_basic_info(document.add(message, "MsgBasicInfo"), site, request, window)
    content = document.add(message, "MsgContent")
    document.add(content, "LanguageCode", "zho")
    document.add(content, "MsgTitle", _plain(_title(notice, drill=request.mode is Mode.DRILL)))
    document.add(content, "AreaCode", ",".join(request.targets))


def _add_content(content: etree._Element, site: Site, request: DeliveryRequested, text: Wording) -> None:
    if request.batch is not None:
        raise Reject("broadcast takes areas, not a list of people")
    drill = request.mode is Mode.DRILL
    document.add(content, "LanguageCode", "zho")
    document.add(content, "MsgTitle", _plain(_title(request.notice, drill=drill)))
    short = _plain(request.notice.text.short)
    if not short.strip():
        raise Refused("the text to be read is empty")
    document.add(content, "MsgDesc", text(short, site, drill))
    document.add(content, "AreaCode", ",".join(request.targets))


def _add_audio(content: etree._Element, audio: Audio) -> None:
    auxiliary = document.add(content, "Auxiliary")
    document.add(auxiliary, "AuxiliaryType", _AUDIO)
    document.add(auxiliary, "AuxiliaryDesc", audio.name)
    document.add(auxiliary, "Size", str(len(audio.content)))
    document.add(auxiliary, "Digest", audio.digest)


def _message_type(site: Site, request: DeliveryRequested) -> MessageType:
    # The family has one way to end a message, real or not: type 2, which names the message that it ends.
    if request.action is Action.STOP:
        return MessageType.CANCEL
    return site.drill if request.mode is Mode.DRILL else MessageType.BROADCAST


def _play_window(
    site: Site, request: DeliveryRequested, at: datetime, behind: timedelta
) -> tuple[datetime, datetime]:
    """Return when it is played: from now on, by the platform's own clock where that is behind ours."""
    start = max(at, request.notice.effective)
    end = start + site.play_window
    begins = start if start > at else at - behind
    if request.notice.expires > start:
        return begins, min(end, request.notice.expires)
    if request.action is Action.STOP:
        return begins, end
    raise Refused("the warning expired before it could be played")


def _title(notice: Notice, *, drill: bool) -> str:
    title = notice.text.headline
    return f"{_DRILL_MARK}{title}" if drill and not title.startswith(_DRILL_MARK) else title


def _plain(text: str) -> str:
    """Return the text without control characters, which XML cannot carry and a loudspeaker cannot read."""
    return "".join(character if character.isprintable() else " " for character in text)


def _message_id(text: str) -> str:
    if not ids.is_message_id(text):
        raise Reject("a message number (EBMID) is 35 digits")
    return text
