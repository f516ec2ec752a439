"""The words of a broadcast: title and text from the templates, put into the request that is packed."""

from contracts.delivery import DeliveryRequested
from contracts.values import Channel
from services.channels.render import render
from services.kit.errors import Refused


def put(request: DeliveryRequested, channel: Channel = Channel.BROADCAST) -> DeliveryRequested:
    """Return the request with the words that a channel says; raise Refused when there are none."""
    title, text = (render(channel, part, request) for part in ("title", "text"))
    if not title or not text:
        raise Refused("the rendered text is empty", mend="write the text first")
    words = request.notice.text.model_copy(update={"headline": title, "short": text})
    return request.model_copy(update={"notice": request.notice.model_copy(update={"text": words})})
