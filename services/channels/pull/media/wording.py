"""What is read out, in the three lengths that the templates have, and how long that may take."""

from functools import lru_cache
from pathlib import Path

import yaml

from contracts.delivery import DeliveryRequested
from contracts.values import Channel, Level
from services.channels.pull.media.model import Pace, ReadOut, read_out
from services.channels.render import render
from services.channels.renderings import Look, LookFault, Looks, Piece
from services.channels.speech import written_out

_FILE = Path(__file__).parent / "readout.yaml"
LENGTHS = ("full", "short", "brief")


@lru_cache
def pace() -> Pace:
    """Return what is agreed with the newsrooms; a file that leaves a colour out is a fault at the door."""
    read = yaml.safe_load(_FILE.read_text())
    seconds, times = ({level: int(read[name][level]) for level in Level} for name in ("seconds", "times"))
    return Pace(int(read["characters_per_minute"]), seconds, times)


def said(request: DeliveryRequested) -> ReadOut:
    """Return the read-out of a revision."""
    wordings = [written_out(render(Channel.MEDIA, length, request)) for length in LENGTHS]
    return read_out(wordings, request.notice.level, pace())


def _look(request: DeliveryRequested) -> Look:
    found = said(request)
    limit = found.limit_s * pace().characters_per_minute // 60
    piece = Piece(name="speech", text=found.text, limit=limit)
    why = f"takes {found.seconds} s to read, and {found.limit_s} s are agreed"
    faults = [] if found.fits else [LookFault(field="text.short", detail=why, mend="shorten the short text")]
    return Look(channel=request.channel, pieces=[piece], faults=faults)


LOOKS = Looks([(Channel.MEDIA, _look)])
