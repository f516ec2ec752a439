"""Which roads to partners are down now: the channels test them, and the desk says it before approval."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

import httpx
from pydantic import ValidationError

from contracts.values import Channel, Value
from services.kit.telemetry import log

PATIENCE_S = 2.0


class Road(Value):
    """The road to one channel's partner, by its last test."""

    channel: Channel
    tested: bool
    up: bool
    seen: str
    since: str | None = None


class Answer(Value):
    """What the channels answer."""

    data: tuple[Road, ...]


@dataclass(frozen=True)
class Down:
    """The roads of a warning's channels that are down; `away` when nobody could be asked."""

    roads: tuple[Road, ...] = ()
    away: bool = False


class Roads(Protocol):
    """Something that knows how the roads are."""

    async def down(self, channels: Collection[Channel]) -> Down:
        """Return which roads of these channels are down."""
        ...


class ChannelRoads:
    """Asks the channels."""

    def __init__(self, http: httpx.AsyncClient, channels_url: str, internal_key: str) -> None:
        self.http = http
        self.url = f"{channels_url}/api/v1/links"
        self.internal_key = internal_key

    async def down(self, channels: Collection[Channel]) -> Down:
        """Return which roads of these channels are down, by their last tests."""
        headers = {"Authorization": f"Bearer {self.internal_key}"}
        try:
            reply = await self.http.get(self.url, headers=headers, timeout=PATIENCE_S)
            found = Answer.model_validate_json(reply.raise_for_status().content).data
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("the roads cannot be asked about", error=type(error).__name__)
            return Down(away=True)
        return Down(tuple(r for r in found if r.tested and not r.up and r.channel in channels))


class NoRoads:
    """A desk that asks nobody."""

    async def down(self, _channels: Collection[Channel]) -> Down:
        """Return that no road is known to be down."""
        return Down()
