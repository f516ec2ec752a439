"""The registry as the desk asks it: places, remembered for a while and kept when it does not answer."""

import time
from typing import Any, Protocol

import httpx

from services.issuer.desk.places import Audience, Gazetteer, Group, Station, Town, Village
from services.kit.telemetry import log

REMEMBERED_S = 20.0
ASKED_AGAIN_S = 5.0
"""How soon a registry that did not answer is asked again: pages do not wait for it each time."""

PATIENCE_S = 3.0

DRILL_GROUP = "drill"
"""Those who have agreed to drills: a drill is aimed at them by itself."""


class Places(Protocol):
    """Something that knows the places of the district."""

    async def gazetteer(self) -> Gazetteer:
        """Return the places; an empty gazetteer when nobody ever answered."""
        ...


class RegistryPlaces:
    """Asks the registry."""

    def __init__(self, http: httpx.AsyncClient, registry_url: str, internal_key: str) -> None:
        self.http = http
        self.url = f"{registry_url}/api/v1/registry"
        self.internal_key = internal_key
        self._known = Gazetteer()
        self._asked_next = float("-inf")

    async def gazetteer(self) -> Gazetteer:
        """Return the places as the registry last told them."""
        if time.monotonic() > self._asked_next:
            self._asked_next = time.monotonic() + ASKED_AGAIN_S
            try:
                phones = await self._phones()
                self._known = Gazetteer(
                    towns=tuple(_town(row) for row in await self._all("towns")),
                    villages=tuple(Village(row["code"], row["name"]) for row in await self._all("villages")),
                    stations=tuple(_station(row, phones) for row in await self._all("stations")),
                    groups=_groups(await self._all("hazard-points")),
                    audiences=await self._audiences(),
                )
                self._asked_next = time.monotonic() + REMEMBERED_S
            except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
                log.warning("the registry does not answer", error=type(error).__name__)
        return self._known

    async def _phones(self) -> dict[str, str]:
        """Return masked phones by station; none when the registry is too old to tell."""
        try:
            return {row["station"]: row["phone"] for row in await self._all("duty")}
        except httpx.HTTPStatusError:
            return {}

    async def _audiences(self) -> tuple[Audience, ...]:
        """Return the groups of people; none when the registry is too old to tell."""
        try:
            rows = await self._all("groups")
        except httpx.HTTPStatusError:
            return ()
        return tuple(Audience(row["code"], row["name"]) for row in rows if row["code"] != DRILL_GROUP)

    async def _all(self, kind: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        after: str | None = ""
        while after is not None:
            reply = await self.http.get(
                f"{self.url}/{kind}",
                params={"after": after, "limit": 1000},
                headers={"Authorization": f"Bearer {self.internal_key}"},
                timeout=PATIENCE_S,
            )
            body = reply.raise_for_status().json()
            rows += body["data"]
            after = body["next"] if body["has_more"] else None
        return rows


def _groups(points: list[dict[str, Any]]) -> tuple[Group, ...]:
    """Return hazard points by their groups."""
    by_group: dict[str, list[dict[str, Any]]] = {}
    for point in points:
        by_group.setdefault(point["group"], []).append(point)
    return tuple(
        Group(
            name=name,
            kind=members[0]["kind"],
            villages=tuple(sorted({point["village_code"] for point in members})),
            points=len(members),
            invented=any(point["position"] == "invented" for point in members),
        )
        for name, members in sorted(by_group.items())
    )


def _town(row: dict[str, Any]) -> Town:
    return Town(row["code"], row["name"], row["name_en"], row["population"])


def _station(row: dict[str, Any], phones: dict[str, str]) -> Station:
    return Station(
        # A key unit's station and a sub-centre stand beside the village's own, which goes by its code.
        code=row["code"] if row["code"][:1].isalpha() else row["village_code"],
        village=row["village_code"],
        name=row["name"],
        station_class=row["station_class"],
        presence=row["presence"],
        duty_name=row["duty_name"],
        duty_phone=phones.get(row["code"], ""),
    )
