"""A manifest has one hash, however its parts were gathered."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.canonical import list_hash
from contracts.plan import ChannelTargets, Manifest
from contracts.values import AreaSelection, Channel, Mode, Place

REGISTRY = "ab" * 32
VILLAGES = tuple(f"500110118{number:03}" for number in range(200, 207))
PICKS = b"\xff\xf0"
AREAS = (Place(code="500110118000", name="丁山镇"), Place(code="500110124000", name="横山镇"))


def a_manifest(**changes: Any) -> Manifest:
    """Return the manifest of a warning for two towns."""
    fields: dict[str, Any] = {
        "mode": Mode.LIVE,
        "registry_version": REGISTRY,
        "selection": AreaSelection(towns=("500110118",)),
        "towns": ("500110118", "500110124"),
        "villages": VILLAGES,
        "generated": VILLAGES[:2],
        "areas": AREAS,
        "channels": (
            ChannelTargets.named(Channel.STATION, VILLAGES),
            ChannelTargets.named(Channel.AREA, ("500110118000", "500110124000")),
            ChannelTargets.sealed(Channel.SMS, ("500110118200/aa/12",), PICKS),
        ),
    }
    return Manifest.pinned(**{**fields, **changes})


@given(st.permutations(VILLAGES), st.permutations(range(3)), st.permutations(("500110118", "500110124")))
def test_the_hash_does_not_depend_on_the_order_of_the_input(
    villages: list[str], order: list[int], towns: list[str]
) -> None:
    plain = a_manifest()
    stations = ChannelTargets.named(Channel.STATION, tuple(villages))
    channels = (stations, *(entry for entry in plain.channels if entry.channel is not Channel.STATION))
    mixed = a_manifest(
        villages=tuple(villages),
        generated=tuple(village for village in villages if village in VILLAGES[:2]),
        towns=tuple(towns),
        channels=tuple(channels[place] for place in order),
    )
    assert mixed == plain


@pytest.mark.parametrize(
    "changes",
    [
        {"mode": Mode.DRILL},
        {"registry_version": "cd" * 32},
        {"villages": VILLAGES[1:]},
        {"channels": (ChannelTargets.named(Channel.STATION, VILLAGES),)},
        {"channels": (ChannelTargets.named(Channel.STATION, VILLAGES[1:]),)},
    ],
)
def test_any_other_target_mode_or_registry_gives_another_hash(changes: dict[str, Any]) -> None:
    hashes = {a_manifest().sha256, a_manifest(**changes).sha256}
    assert len(hashes) == 2


def test_the_count_is_the_sum_of_the_channels() -> None:
    manifest = a_manifest()
    assert manifest.count == 7 + 2 + 12
    with pytest.raises(ValueError, match="sum"):
        Manifest.model_validate({**manifest.model_dump(), "count": 20})


def test_named_targets_are_sorted_and_distinct() -> None:
    entry = ChannelTargets.named(Channel.STATION, ("b", "a", "b"))
    assert (entry.targets, entry.count) == (("a", "b"), 2)
    assert entry.sha256 == list_hash(["a", "b"])


def test_a_channel_is_found_by_its_name() -> None:
    manifest = a_manifest()
    entry = manifest.targets(Channel.SMS)
    assert entry is not None
    assert entry.count == 12
    assert manifest.targets(Channel.WECHAT) is None


def test_a_manifest_survives_the_wire() -> None:
    manifest = a_manifest()
    assert Manifest.model_validate_json(manifest.model_dump_json()) == manifest
