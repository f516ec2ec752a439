"""The compact frame, both ways: what was said is heard, and nothing else is taken for it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.values import Level, Mode
from services.channels.pull.stations.beidou.frame import (
    LONGEST,
    MOST_ARGS,
    MOST_MINUTES,
    Frame,
    Garbled,
    decode,
    encode,
    told,
    villages_in,
    words,
)
from services.channels.pull.stations.model import Kind

KEY = bytes(range(16))
KINDS = (Kind.ALERT, Kind.UPDATE, Kind.CANCEL, Kind.HALT)
TOWNS = words()["towns"]
NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)

towns = st.lists(st.sampled_from(TOWNS), min_size=1, unique=True).map(
    lambda found: {"towns": tuple(sorted(found))}
)
villages = st.lists(
    st.builds(lambda town, n: f"{town}{n:03d}", st.sampled_from(TOWNS), st.integers(0, 999)),
    min_size=1,
    max_size=5,
    unique=True,
).map(lambda found: {"villages": tuple(found)})
codes = st.builds(
    lambda kind, letter, n: f"1{kind}{letter}{n:02d}",
    st.integers(1, 4),
    st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    st.integers(0, 99),
)
args = st.text(max_size=16).filter(lambda text: _encodable(text))


def _encodable(text: str) -> bool:
    try:
        return len(text.encode("gb18030")) <= MOST_ARGS
    except UnicodeEncodeError:
        return False


frames = st.builds(
    lambda where, **rest: Frame(**where, **rest),
    towns | villages,
    mode=st.sampled_from(Mode),
    number=st.integers(0, 2**32 - 1),
    event=codes,
    level=st.sampled_from(Level),
    kind=st.sampled_from(KINDS),
    issued=st.integers(0, 2**32 - 1).map(lambda s: datetime.fromtimestamp(s, UTC)),
    minutes=st.integers(0, MOST_MINUTES),
    template=st.integers(0, 255),
    args=args.filter(lambda text: len(text.encode("gb18030")) <= 30),
)


def a_frame(**changes: object) -> Frame:
    known: dict[str, object] = {
        "mode": Mode.LIVE,
        "number": 7,
        "event": "11B03",
        "level": Level.RED,
        "kind": Kind.ALERT,
        "issued": NOON,
        "minutes": 360,
        "towns": (TOWNS[0],),
    }
    return Frame(**{**known, **changes})  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(frames)
def test_what_is_encoded_is_decoded_the_same(frame: Frame) -> None:
    sent = encode(frame, KEY)
    assert len(sent) <= LONGEST
    assert decode(sent, KEY) == frame
    assert told(frame)


@settings(max_examples=200, deadline=None)
@given(frames, st.data())
def test_one_changed_bit_or_another_key_is_garbled(frame: Frame, data: st.DataObject) -> None:
    sent = bytearray(encode(frame, KEY))
    place = data.draw(st.integers(0, len(sent) * 8 - 1))
    sent[place // 8] ^= 1 << place % 8
    with pytest.raises(Garbled):
        decode(bytes(sent), KEY)
    with pytest.raises(Garbled):
        decode(encode(frame, KEY), KEY[::-1])


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=100))
def test_any_bytes_are_refused_without_a_crash(sent: bytes) -> None:
    with pytest.raises(Garbled):
        decode(sent, KEY)


def test_every_signal_and_colour_has_its_words() -> None:
    for event, name in words()["events"].items():
        for level in Level:
            for kind in KINDS:
                frame = decode(encode(a_frame(event=event, level=level, kind=kind), KEY), KEY)
                text = told(frame)
                assert name + words()["colours"][level] in text, (event, level, kind)
                assert "演练" not in text
                assert told(a_frame(mode=Mode.DRILL, kind=kind)).startswith("演练")


def test_a_frame_is_for_its_towns_or_its_villages_only() -> None:
    village = f"{TOWNS[1]}201"
    assert a_frame(towns=(TOWNS[1],)).is_for(village)
    assert not a_frame(towns=(TOWNS[0],)).is_for(village)
    assert not a_frame(towns=(), villages=(f"{TOWNS[1]}202",)).is_for(village)


@pytest.mark.parametrize(
    "changes",
    [
        {"towns": ()},
        {"villages": (f"{TOWNS[0]}001",)},
        {"towns": ("500110100",)},
        {"args": "雨" * 17},
        {"minutes": 70_000},
        {"issued": NOON.replace(tzinfo=None)},
        {"towns": (), "villages": tuple(f"{TOWNS[0]}{n:03d}" for n in range(30))},
    ],
)
def test_what_does_not_fit_is_not_sent_by_half(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        encode(a_frame(**changes), KEY)


def test_as_many_villages_as_promised_fit_into_a_card() -> None:
    for size in (40, 62, 70, 78):
        some = tuple(f"{TOWNS[0]}{n:03d}" for n in range(villages_in(size)))
        assert 0 < len(encode(a_frame(towns=(), villages=some), KEY)) <= size
    assert a_frame().issued + timedelta(minutes=a_frame().minutes) > NOON
