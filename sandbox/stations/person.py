"""People without a device: an SMS comes, they open the link, look, and press the button."""

import asyncio
import re
from collections.abc import Mapping
from urllib.parse import quote_plus

from sandbox.faults import FaultKind
from sandbox.stations.profile import Profile, StationFaults
from sandbox.stations.receiver import ALERT
from sandbox.stations.statistics import Statistics
from sandbox.stations.wire import Wire, WireLost

_LINK = re.compile(r"/c/(([0-9A-Za-z]+)-[0-9a-f]{32}-\d+-[0-9a-f]+)")
TRIES = 40
"""Whoever finds no page tries again, for some five minutes; one who is refused does not."""

LONGEST_PAUSE_S = 10.0
_LATER = (404, 429, 502, 503)


class People:
    """Everybody who answers for a station by phone."""

    def __init__(
        self,
        names: Mapping[str, str],
        profile: Profile,
        wire: Wire,
        faults: StationFaults,
        statistics: Statistics,
    ) -> None:
        self.names = names
        self.profile = profile
        self.wire = wire
        self.faults = faults
        self.statistics = statistics

    async def read(self, text: str) -> None:
        """Read a text; when there is a link of a station in it, open it and confirm."""
        found = _LINK.search(text)
        if found is None:
            return
        token, code = found.group(1), found.group(2)
        faults = self.faults.of(code)
        luck = self.profile.luck("person", token)
        if faults.take(FaultKind.SILENT, ALERT) or luck.random() >= self.profile.link_share:
            self.statistics.links["ignored"] += 1
            return
        await asyncio.sleep(luck.uniform(*self.profile.confirm_delay_s))
        for attempt in range(TRIES):
            if (done := await self._open(token, code)) is not None:
                self.statistics.links["confirmed" if done else "failed"] += 1
                return
            await asyncio.sleep(min(2.0**attempt, LONGEST_PAUSE_S) * luck.uniform(0.5, 1.5))
        self.statistics.links["failed"] += 1

    async def _open(self, token: str, code: str) -> bool | None:
        """Open the page and press its button; return whether that worked, None when there is no page yet."""
        name = self.names.get(code, "")
        form = f"by={quote_plus(name)}".encode() if name else b""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            shown = await self.wire.ask("GET", f"/c/{token}", {"Accept": "text/html"})
            if shown.status >= 400:
                return None if shown.status in _LATER else False
            self.statistics.links["opened"] += 1
            pressed = await self.wire.ask("POST", f"/c/{token}", headers, form)
        except WireLost:
            return None
        if pressed.status in _LATER:
            return None
        return pressed.status < 400
