"""What we answer to the platform: receipts, who we are, how we are, and what we had played. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from contracts.outcome import Column, TargetState
from contracts.values import Action
from services.channels.push.adapter import Air
from services.channels.push.broadcast import document, ids, packet
from services.channels.push.broadcast.answers import ResultCode
from services.channels.push.broadcast.archive import Foreign
from services.channels.push.broadcast.asked import Question
from services.channels.push.broadcast.site import PlayState, Site
from services.channels.push.model import Delivery

_WORDS = {
    PlayState.NOT_PROCESSED: "未处理",
    PlayState.WAITING: "等待播发",
    PlayState.PLAYING: "播发中",
    PlayState.PLAYED: "播发成功",
    PlayState.FAILED: "播发失败",
    PlayState.CANCELLED: "播发取消",
}
_NORMAL = ("1", "运行正常")
_TAKEN = "已接收"


@dataclass(frozen=True)
class Ours:
    """What an answer is made from: the site, the moment, the deliveries of the time asked for."""

    site: Site
    at: datetime
    deliveries: Iterable[Delivery]


def receipt(code: ResultCode, words: str = _TAKEN) -> etree._Element:
    """Return the body of an EBDResponse."""
    body = etree.Element("EBDResponse")
    document.add(body, "ResultCode", str(code.value))
    document.add(body, "ResultDesc", words)
    return body


def write(site: Site, packet_id: str, body: etree._Element, related: str | None, at: datetime) -> bytes:
    """Return the main file that answers a packet."""
    root = packet.envelope(site, packet_id, str(body.tag), at, related)
    root.append(body)
    return document.to_bytes(root)


def data(question: Question, ours: Ours) -> etree._Element:
    """Return the body with the operations data that was asked for; raise Foreign for what we do not have."""
    make = _KINDS.get(question.kind)
    if make is None:
        raise Foreign("a platform of warnings has no resources of this kind")
    body = etree.Element(question.kind)
    make(body, question, ours)
    return body


def _about_us(body: etree._Element, question: Question, ours: Ours) -> None:
    _add_times(body, question, ours.at, full=True)
    site, owner = ours.site, ours.site.owner
    entry = document.add(body, "EBRPS")
    for name, text in (
        ("RptTime", ids.local(ours.at)),
        ("RptType", "Sync"),
        ("EBRID", site.ebrid),
        ("EBRName", owner.name),
        ("Address", owner.address),
        ("Contact", owner.contact),
        ("PhoneNumber", owner.phone),
        ("Longitude", owner.longitude),
        ("Latitude", owner.latitude),
        ("URL", site.url),
    ):
        if text:
            document.add(entry, name, text)


def _our_state(body: etree._Element, question: Question, ours: Ours) -> None:  # noqa: ARG001 (one of a table)
    entry = document.add(body, "EBRPS")
    code, words = _NORMAL
    for name, text in (
        ("RptTime", ids.local(ours.at)),
        ("EBRID", ours.site.ebrid),
        ("StateCode", code),
        ("StateDesc", words),
    ):
        document.add(entry, name, text)


def _our_log(body: etree._Element, question: Question, ours: Ours) -> None:
    _add_times(body, question, ours.at, full=False)
    for delivery in ours.deliveries:
        _add_item(document.add(body, "EBMBrdItem"), ours.site, delivery)


def _add_times(body: etree._Element, question: Question, at: datetime, *, full: bool) -> None:
    params = document.add(body, "Params")
    document.add(params, "RptStartTime", ids.local(question.since or at))
    document.add(params, "RptEndTime", ids.local(question.until or at))
    if full:
        document.add(params, "RptType", question.report)


def _add_item(item: etree._Element, site: Site, delivery: Delivery) -> None:
    request, state = delivery.request, state_of(delivery)
    message = document.add(item, "EBM")
    document.add(message, "EBMVersion", "1")
    document.add(message, "EBMID", delivery.reference)
    packet.add_short_info(message, site, request)
    document.add(item, "BrdStateCode", site.dialect.code_of(state))
    document.add(item, "BrdStateDesc", _WORDS[state])
    heard = [area for area, far in zip(request.targets, delivery.target_states, strict=True) if far in _HEARD]
    if heard:
        coverage = document.add(item, "Coverage")
        document.add(coverage, site.dialect.coverage, f"{len(heard) / request.size:.2f}")
        document.add(coverage, "AreaCode", ",".join(heard))


_HEARD = frozenset({TargetState.RECEIVED, TargetState.PLAYED, TargetState.CONFIRMED})


def state_of(delivery: Delivery) -> PlayState:
    """Return how far a delivery has come, in the words of the family."""
    states = set(delivery.target_states)
    if delivery.withdrawn is not None and delivery.request.action is not Action.STOP:
        return PlayState.CANCELLED
    if states & {TargetState.FAILED, TargetState.EXPIRED}:
        return PlayState.FAILED
    if states <= {TargetState.PLAYED, TargetState.CONFIRMED}:
        return PlayState.PLAYED
    if states & _HEARD:
        return PlayState.PLAYING
    waits = delivery.air is not Air.NEVER and any(state.column is Column.OPEN for state in states)
    return PlayState.WAITING if waits else PlayState.NOT_PROCESSED


_KINDS: Mapping[str, Callable[[etree._Element, Question, Ours], None]] = {
    "EBRPSInfo": _about_us,
    "EBRPSState": _our_state,
    "EBMBrdLog": _our_log,
}
"""What may be asked of us. Stations, adapters and equipment of broadcast are the platform's own."""
