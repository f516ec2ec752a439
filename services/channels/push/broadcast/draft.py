"""Drafts: the numbers of a packet, written down before it is sent, so that it is the same in each attempt."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.channels.push.adapter import Numbers
from services.channels.push.broadcast import ids
from services.channels.push.broadcast.site import Site
from services.kit.clock import Clock, microseconds


@dataclass(frozen=True)
class Draft:
    """The numbers of a packet, the message that it ends, and the moment from which its play window counts."""

    packet_id: str
    message_id: str
    related: str | None
    at: datetime
    behind_s: int = 0
    """How far the platform's clock was behind ours: its window of play begins so much earlier."""

    def memo(self, name: str) -> dict[str, str]:
        """Return the draft as it is written down."""
        parts = (self.packet_id, self.message_id, self.related or "", self.at.isoformat(), str(self.behind_s))
        return {name: " ".join(parts)}

    @classmethod
    def of(cls, memo: Mapping[str, str], name: str) -> "Draft | None":
        """Return the draft that was written down, None when there is none."""
        if name not in memo:
            return None
        packet_id, message_id, related, at, *rest = memo[name].split(" ")
        behind_s = int(rest[0]) if rest else 0
        return cls(packet_id, message_id, related or None, datetime.fromisoformat(at), behind_s)

    def worn(self, site: Site, now: datetime) -> bool:
        """Tell whether it has waited so long that half of its play window is over."""
        return now - self.at > site.play_window / 2


class Drafts:
    """Makes drafts with numbers that nobody had before."""

    def __init__(self, numbers: Numbers, clock: Clock) -> None:
        self.numbers = numbers
        self.clock = clock

    async def make(self, site: Site, related: str | None, behind_s: int = 0) -> Draft:
        """Return a new draft."""
        at = self.clock.now().replace(microsecond=0)
        day = ids.day_of(at)
        serial = await self.numbers.next(f"message-{day:%Y%m%d}")
        number = ids.message_id(site.ebrid, day, serial)
        return Draft(await self.packet_id(site), number, related, at, behind_s)

    async def kept(self, memo: Mapping[str, str], name: str, site: Site, related: str | None) -> Draft:
        """Return the draft that was written down, or a new one when there is none that still serves."""
        draft = Draft.of(memo, name)
        if draft is None or draft.worn(site, self.clock.now()):
            return await self.make(site, related)
        return draft

    async def packet_id(self, site: Site) -> str:
        """Return a new packet number; it is never below the clock, so that a restored backup repeats none."""
        return ids.packet_id(site.ebrid, await self.numbers.next("packet", microseconds(self.clock.now())))
