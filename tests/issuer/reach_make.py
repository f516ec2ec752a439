"""A router for the tests of the issuer: it knows five towns, pins what is chosen, and can be away."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.plan import ChannelTargets, Manifest
from contracts.values import AreaSelection, Channel, Mode, Place
from services.issuer.reach import Reached
from services.kit.errors import Invalid, Retry

REGISTRY = "a" * 64
TOWNS = {
    "500110109": "东溪镇",
    "500110110": "赶水镇",
    "500110111": "打通镇",
    "500110112": "石壕镇",
    "500110120": "扶欢镇",
}
ENGLISH = {
    "500110109": "Dongxi Town",
    "500110110": "Ganshui Town",
    "500110111": "Datong Town",
    "500110112": "Shihao Town",
    "500110120": "Fuhuan Town",
}
SQUARE = ((106.6, 28.7), (106.7, 28.7), (106.7, 28.8), (106.6, 28.8), (106.6, 28.7))


@dataclass
class FakeReach:
    """A router that knows five towns, with two stations in each; it can be away."""

    away: bool = False
    pinned: list[str] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)

    async def preview(
        self,
        mode: Mode,
        selection: AreaSelection,
        *,
        pin: bool,
        channels: Collection[Channel] | None = None,
        **_: object,
    ) -> Reached:
        """Return two stations and one cable target for each town."""
        if self.away:
            raise Retry("the router, which counts who is reached, does not answer", after=2)
        unknown = [code for code in selection.towns if code not in TOWNS]
        if unknown:
            raise Invalid("selection.towns[0]", "is not in the registry", "choose another one")
        towns = selection.towns or ("500110110",)
        manifest = a_manifest(mode, selection, towns)
        if pin:
            self.pinned.append(manifest.sha256)
        names, english = (tuple(known[town] for town in towns) for known in (TOWNS, ENGLISH))
        return Reached(manifest, names, len(towns) == len(TOWNS), english, self.answer)


def a_manifest(
    mode: Mode = Mode.LIVE,
    selection: AreaSelection | None = None,
    towns: Sequence[str] = ("500110110", "500110111"),
) -> Manifest:
    """Return the target list of some towns."""
    villages = tuple(f"{town}{number}" for town in towns for number in (201, 202))
    return Manifest.pinned(
        mode=mode,
        registry_version=REGISTRY,
        selection=selection or AreaSelection(towns=tuple(towns)),
        towns=tuple(towns),
        villages=villages,
        generated=(),
        areas=tuple(
            Place(code=f"{town}000", name=TOWNS[town], name_en=ENGLISH[town], outline=SQUARE)
            for town in towns
        ),
        channels=(
            ChannelTargets.named(Channel.STATION, villages),
            ChannelTargets.named(Channel.CABLE, tuple(f"{town}000" for town in towns)),
        ),
    )
