"""How a warning looks on a station's screen, and what its loudspeaker says."""

from contracts.delivery import DeliveryRequested
from contracts.values import Channel
from services.channels.render import render
from services.channels.renderings import Look, Looks, Piece


def look(request: DeliveryRequested) -> Look:
    """Return the screen and the speech of a station."""
    text = request.notice.text
    return Look(
        channel=Channel.STATION,
        pieces=[
            Piece(name="title", text=render(Channel.STATION, "title", request)),
            Piece(name="text", text=text.description),
            Piece(name="instruction", text=text.instruction),
            Piece(name="speech", text=render(Channel.STATION, "speech", request)),
        ],
    )


LOOKS = Looks([(Channel.STATION, look)])
