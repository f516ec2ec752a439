"""What a selection reaches beyond what was drawn, and what it does not reach at all."""

from contracts.values import AreaSelection, Channel, Mode
from services.router.model.beyond import Beyond, beyond
from services.router.model.registry import Registry
from tests.router.registry_make import TOWNS, a_district, a_registry
from tests.router.router_make import drawn_of

EVERY = frozenset(Channel)


def of(registry: Registry, selection: AreaSelection, channels: frozenset[Channel] = EVERY) -> Beyond:
    drawn = drawn_of(registry, selection, Mode.LIVE, channels, margin_km=0)
    return beyond(registry, selection, drawn.manifest)


def test_a_town_in_part_is_told_as_a_whole_by_broadcast_and_television() -> None:
    registry = a_registry(a_district(villages=3))
    town = TOWNS[0]
    one = registry.members[town][0]
    found = of(registry, AreaSelection(villages=(one,)))
    (spilt,) = found.towns
    assert (spilt.code, spilt.villages) == (town, 2)
    assert spilt.population == round(registry.towns[town].population * 2 / 3)
    assert {Channel.BROADCAST, Channel.CABLE} <= set(found.channels)


def test_a_whole_town_spills_nowhere_and_stations_never_do() -> None:
    registry = a_registry(a_district(villages=3))
    assert of(registry, AreaSelection(towns=(TOWNS[0],))).towns == ()
    one = registry.members[TOWNS[0]][0]
    assert of(registry, AreaSelection(villages=(one,)), frozenset({Channel.STATION})).towns == ()


def test_cells_that_stick_out_of_a_shape_are_measured() -> None:
    registry = a_registry(a_district(villages=3))
    village = registry.villages[registry.members[TOWNS[0]][0]]
    lon, lat = village.position
    small = tuple((lon + x, lat + y) for x, y in ((-1e-4, -1e-4), (1e-4, -1e-4), (0, 1e-4), (-1e-4, -1e-4)))
    assert of(registry, AreaSelection(polygons=(small,))).cells_km2 > 0
    assert of(registry, AreaSelection(villages=(village.code,))).cells_km2 == 0


def test_a_village_without_station_and_people_is_named() -> None:
    blocks = a_district(villages=2)
    code = next(key for key in sorted(blocks) if len(key) == 12)
    blocks[code] = blocks[code].model_copy(update={"stations": (), "recipients": ()})
    registry = a_registry(blocks)
    assert of(registry, AreaSelection(towns=(code[:9],))).wayless == (code,)
