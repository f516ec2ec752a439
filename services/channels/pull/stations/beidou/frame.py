"""The compact frame: at most 70 bytes, text rebuilt on the terminal, a code against forgery.

version 1 | flags 1 | number 4 | event 2 | colour 1 | kind 1 | issued 4 | minutes 2
| area: town bitmap 4, or count 1 and 2 for each village | template 1 | args 0..32 | HMAC-SM3, first 8 bytes
"""

import hmac
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from contracts.values import Level, Mode
from services.channels.pull.stations.model import Kind
from services.kit.clock import BEIJING
from services.kit.sm import hmac_sm3

VERSION = 1
LONGEST = 70
MOST_ARGS = 32
MOST_MINUTES = 0xFFFF
MAC = 8

_HEAD = struct.Struct(">BBIHBBIH")
_DRILL, _BY_VILLAGE = 1, 2
_KINDS = (Kind.ALERT, Kind.UPDATE, Kind.CANCEL, Kind.HALT)
_LETTERS = 26
_IN_TOWN = 1000
_FILE = Path(__file__).parent / "words.yaml"


class Garbled(ValueError):
    """These bytes are no frame of ours: cut, changed on the way, forged, or of a later version."""


@dataclass(frozen=True)
class Frame:
    """One warning in short, for whole towns or for some villages."""

    mode: Mode
    number: int
    """Grows with every frame: a terminal takes none twice, and none older than it has."""
    event: str
    level: Level
    kind: Kind
    issued: datetime
    minutes: int
    towns: tuple[str, ...] = ()
    villages: tuple[str, ...] = ()
    template: int = 1
    args: str = ""

    def is_for(self, village: str) -> bool:
        """Tell whether a village is meant."""
        return village in self.villages or village[:9] in self.towns


@lru_cache
def words() -> Mapping[str, Any]:
    """Return what both ends know: towns in their order, names, templates."""
    found: Mapping[str, Any] = yaml.safe_load(_FILE.read_text(encoding="utf-8"))
    return found


def villages_in(size: int, args: str = "") -> int:
    """Return how many villages fit into a frame of a card."""
    return max(0, (min(size, LONGEST) - _HEAD.size - 1 - 1 - len(_text(args)) - MAC) // 2)


def encode(frame: Frame, key: bytes) -> bytes:
    """Return the bytes of a frame; raise ValueError for what cannot be said in one."""
    args, area = _text(frame.args), _area(frame)
    if frame.issued.tzinfo is None or not 0 <= frame.minutes <= MOST_MINUTES:
        raise ValueError("a frame needs a moment with its zone, and at most 65535 minutes")
    flags = (_DRILL if frame.mode is Mode.DRILL else 0) | (_BY_VILLAGE if frame.villages else 0)
    head = _HEAD.pack(
        VERSION,
        flags,
        frame.number,
        _event_number(frame.event),
        frame.level.rank,
        _KINDS.index(frame.kind),
        int(frame.issued.timestamp()),
        frame.minutes,
    )
    body = head + area + bytes([frame.template]) + args
    if len(body) + MAC > LONGEST:
        raise ValueError("the frame is too long: name fewer villages or shorter words")
    return body + hmac_sm3(key, body)[:MAC]


def decode(sent: bytes, key: bytes) -> Frame:
    """Return the frame that was sent; raise Garbled for anything else."""
    body, code = sent[:-MAC], sent[-MAC:]
    if len(sent) > LONGEST or not hmac.compare_digest(hmac_sm3(key, body)[:MAC], code):
        raise Garbled("the code is not right")
    try:
        version, flags, number, event, colour, kind, issued, minutes = _HEAD.unpack_from(body)
        if version != VERSION or flags > (_DRILL | _BY_VILLAGE) or not 1 <= colour <= len(Level):
            raise Garbled("it is of another version")
        places, rest = _places(body[_HEAD.size :], by_village=bool(flags & _BY_VILLAGE))
        return Frame(
            mode=Mode.DRILL if flags & _DRILL else Mode.LIVE,
            number=number,
            event=_event(event),
            level=list(Level)[colour - 1],
            kind=_KINDS[kind],
            issued=datetime.fromtimestamp(issued, UTC),
            minutes=minutes,
            template=rest[0],
            args=rest[1:].decode("gb18030"),
            **places,
        )
    except (struct.error, IndexError, UnicodeDecodeError):
        raise Garbled("it does not hold what a frame holds") from None


def told(frame: Frame) -> str:
    """Return the text that a terminal shows and speaks."""
    known = words()
    template = known["templates"].get(frame.template, known["templates"][1])[frame.kind]
    text: str = template.format(
        drill=known["drill"] if frame.mode is Mode.DRILL else "",
        issued=frame.issued.astimezone(BEIJING).strftime("%m月%d日%H时%M分"),
        event=known["events"].get(frame.event, known["other_event"]),
        colour=known["colours"][frame.level],
        minutes=frame.minutes,
        args=frame.args,
    )
    return text


def _text(args: str) -> bytes:
    encoded = args.encode("gb18030")
    if len(encoded) > MOST_ARGS:
        raise ValueError(f"the words of a frame have at most {MOST_ARGS} bytes")
    return encoded


def _area(frame: Frame) -> bytes:
    if bool(frame.towns) == bool(frame.villages):
        raise ValueError("a frame is for towns or for villages, not for both and not for nobody")
    if frame.villages:
        numbers = [_town(code[:9]) * _IN_TOWN + int(code[9:]) for code in frame.villages]
        return struct.pack(f">B{len(numbers)}H", len(numbers), *numbers)
    return sum(1 << _town(code) for code in frame.towns).to_bytes(4, "big")


def _places(area: bytes, *, by_village: bool) -> tuple[dict[str, tuple[str, ...]], bytes]:
    """Return the places of a frame, and what follows them."""
    towns: Sequence[str] = words()["towns"]
    if not by_village:
        (bits,) = struct.unpack_from(">I", area)
        if not bits or bits >> len(towns):
            raise Garbled("it names towns that are not known here")
        return {"towns": tuple(code for n, code in enumerate(towns) if bits >> n & 1)}, area[4:]
    count = area[0]
    numbers = struct.unpack_from(f">{count}H", area, 1)
    if not count:
        raise Garbled("it is for nobody")
    codes = tuple(f"{towns[number // _IN_TOWN]}{number % _IN_TOWN:03d}" for number in numbers)
    return {"villages": codes}, area[1 + 2 * count :]


def _town(code: str) -> int:
    towns: list[str] = words()["towns"]
    if code not in towns:
        raise ValueError(f"the town {code} has no number in words.yaml")
    return towns.index(code)


def _event_number(code: str) -> int:
    """Return a national event code (`11B03`) as a number."""
    return ((int(code[1]) - 1) * _LETTERS + ord(code[2]) - ord("A")) * 100 + int(code[3:])


def _event(number: int) -> str:
    group, place = divmod(number, 100)
    kind, letter = divmod(group, _LETTERS)
    if kind > 3:
        raise Garbled("it names no event")
    return f"1{kind + 1}{chr(ord('A') + letter)}{place:02d}"
