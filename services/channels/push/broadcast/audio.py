"""Recorded audio that is played beside the text: files of a folder, read once, at the door.

`<mode>/<hazard or default>[.<LEVEL>].mp3`: `live/11B03.RED.mp3`, `live/11B03.mp3`, `drill/default.mp3`. What
is recorded for earnest is never taken for a drill, nor the reverse.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from contracts.delivery import DeliveryRequested
from contracts.values import Mode
from services.kit import sm
from services.kit.errors import Invalid

MOST_BYTES = 2 << 20
_NAME = re.compile(r"(default|1[1-4][A-Z]\d{2})(\.(RED|ORANGE|YELLOW|BLUE))?\.(mp3|wav)")
_HEADS = {"mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"), "wav": (b"RIFF",)}


@dataclass(frozen=True)
class Audio:
    """A recording, named by what it holds."""

    content: bytes
    kind: str

    @cached_property
    def digest(self) -> str:
        """The SM3 digest, in hex."""
        return sm.sm3(self.content).hex()

    @property
    def name(self) -> str:
        """What the file is called in a packet."""
        return f"EBDR_{self.digest[:16]}.{self.kind}"


@dataclass(frozen=True)
class Library:
    """All recordings, by mode and by `<hazard or default>[.<LEVEL>]`."""

    recordings: Mapping[tuple[Mode, str], Audio]

    def of(self, request: DeliveryRequested) -> Audio | None:
        """Return the recording that says most of a warning, None when there is none."""
        hazard, level = request.notice.hazard, request.notice.level
        names = (f"{hazard}.{level}", hazard, f"default.{level}", "default")
        return next((a for name in names if (a := self.recordings.get((request.mode, name)))), None)


SILENT = Library({})
"""Nothing is recorded: the text alone is read."""


def read(folder: str) -> Library:
    """Return the recordings of a folder, none when no folder is set; raise Invalid for what is not one."""
    if not folder:
        return SILENT
    found: dict[tuple[Mode, str], Audio] = {}
    for mode in Mode:
        for path in sorted((Path(folder) / mode).glob("*")):
            named = _NAME.fullmatch(path.name)
            if named is None:
                raise _wrong(f"{mode}/{path.name} is not named for a hazard and colour")
            found[mode, path.name.rpartition(".")[0]] = _recording(path, named[4])
    if not found:
        raise _wrong("holds no recording")
    return Library(found)


def _recording(path: Path, kind: str) -> Audio:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _wrong(f"{path.name} cannot be read: {error.strerror}") from None
    if len(content) > MOST_BYTES:
        raise _wrong(f"{path.name} is longer than {MOST_BYTES} bytes")
    if not content.startswith(_HEADS[kind]):
        raise _wrong(f"{path.name} is not {kind}")
    return Audio(content, kind)


def _wrong(why: str) -> Invalid:
    mend = "name files like live/11B03.RED.mp3 or drill/default.mp3, or leave the setting empty"
    return Invalid("YUTIAN_BROADCAST_AUDIO", why, mend)
