"""Confirm by link: a person without a device opens the address in an SMS and presses one button."""

import hmac
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from contracts.outcome import TargetState
from contracts.values import Mode
from services.channels.pull.stations.actions.hear import Reports
from services.channels.pull.stations.model import Report
from services.channels.pull.stations.store import backs, early, stations, waiting
from services.channels.pull.stations.store.backs import Told
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Invalid, NotFound

LONGEST_TOKEN = 120


@dataclass(frozen=True)
class Link:
    """What a link stands for: one station, one revision of one warning."""

    station: str
    mode: Mode
    warning_id: UUID
    revision: int

    @property
    def value(self) -> str:
        """What the end of the token is made of."""
        return f"{self.mode}/{self.station}/{self.warning_id}/{self.revision}"


def read(crypto: CryptoProvider, token: str) -> Link:
    """Return what a token stands for; raise NotFound when we did not make it."""
    try:
        station, warning, revision, proof = token[:LONGEST_TOKEN].rsplit("-", 3)
        links = [Link(station, mode, UUID(hex=warning), int(revision)) for mode in Mode]
    except ValueError:
        raise NotFound("this link is not valid") from None
    for link in links:
        if hmac.compare_digest(crypto.short_token("confirm", link.value).encode(), proof.encode()):
            return link
    raise NotFound("this link is not valid")


@dataclass(frozen=True)
class Page:
    """What the page of a link shows."""

    link: Link
    station_name: str
    duty_name: str | None
    notice: dict[str, Any] | None
    """The payload of the warning; None while it has not been delivered here."""
    over: bool
    """Whether the warning has ended or run out."""
    confirmed_at: datetime | None
    confirmed_by: str | None
    told: Told | None = None
    """What the village has told back."""


async def look(db: Database, link: Link) -> Page:
    """Return what the page of a link shows now."""
    station = await stations.get(db, link.station)
    whose = (link.station, link.mode, link.warning_id, link.revision)
    async with db.read() as connection:
        found = await waiting.shown(connection, *whose)
        by, at = await early.confirmation(connection, *whose) or (None, None)
        told = await backs.told(connection, whose[:2], *whose[2:])
    name, duty = (station.name, station.duty_name) if station else (link.station, None)
    if found is None:
        return Page(link, name, duty, None, False, at, by, told)
    over = found.ended or found.item.expires <= db.clock.now()
    confirmed = found.item.facts.get(TargetState.CONFIRMED)
    notice = orjson.loads(found.payload)
    return Page(link, name, duty, notice, over, confirmed, found.item.confirmed_by, told)


def reports(page: Page, by: str, now: datetime) -> Reports:
    """Return what pressing the button tells: a person has received the warning, and confirms it."""
    name = by.strip() or page.duty_name
    if not name:
        raise Invalid("by", "is missing", "write the name of the person who confirms")
    link = page.link
    told = Report(TargetState.RECEIVED, now, warning_id=link.warning_id, revision=link.revision)
    return Reports(link.station, link.mode, (told, replace(told, fact=TargetState.CONFIRMED, by=name)))
