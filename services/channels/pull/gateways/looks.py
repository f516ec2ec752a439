"""How a warning looks as an SMS: to the public, to those on duty, to a person who confirms, and by area."""

from collections.abc import Sequence

from contracts.delivery import DeliveryRequested
from contracts.text import MOST_SEGMENTS, segments
from contracts.values import Channel
from services.channels.pull.gateways.model.terms import Terms
from services.channels.pull.gateways.text import render_sms
from services.channels.renderings import Look, LookFault, Looks, Piece

EXAMPLE = "-".join(("x" * 12, "x" * 32, "x" * 2, "x" * 24))
"""As long as the token in the link of a person: station, warning, revision, proof."""


def looks(link_base: str, terms: Terms) -> Looks:
    """Return the looks of SMS and area SMS; `link_base` is the address of the links."""

    def look(request: DeliveryRequested) -> Look:
        public = request.channel is Channel.AREA
        wordings = ("public",) if public else ("public", "duty", "person")
        pieces = [_piece(request, wording, link_base) for wording in wordings]
        return Look(
            channel=request.channel, pieces=pieces, faults=[*_faults(pieces), *_held_up(pieces, terms)]
        )

    return Looks([(Channel.SMS, look), (Channel.AREA, look)])


def _piece(request: DeliveryRequested, wording: str, link_base: str) -> Piece:
    words = render_sms(request, wording, link_base, EXAMPLE)
    return Piece(name=wording, text=words.text.replace("{1}", EXAMPLE))


def _held_up(pieces: Sequence[Piece], terms: Terms) -> list[LookFault]:
    """Return a fault for the words at which operators' filters would hold the text up."""
    words = terms.keywords_in(pieces[0].text)
    why = f"holds words at which operators' filters hold an SMS up: {', '.join(words)}"
    return [LookFault(field="text.short", detail=why, mend="say it in other words")] if words else []


def _faults(pieces: Sequence[Piece]) -> list[LookFault]:
    """Return a fault when a wording had to be shortened to its title: the person would not read the rest."""
    public = pieces[0].text
    short = [one for one in pieces[1:] if len(one.text) < len(public) and segments(public) <= MOST_SEGMENTS]
    why = "leaves no room for the link that a person confirms with, so that its SMS says the title alone"
    return [LookFault(field="text.short", detail=why, mend="shorten it") for _ in short[:1]]
