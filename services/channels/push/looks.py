"""How a warning looks on the channels that we call: loudspeaker, television, WeChat, apps."""

from collections.abc import Callable

from contracts.delivery import DeliveryRequested
from contracts.values import Channel, Mode
from services.channels import speech
from services.channels.push.apps import notice as apps
from services.channels.push.cable import order
from services.channels.push.settings import PushSettings
from services.channels.push.web import message as web
from services.channels.push.wechat import fields
from services.channels.push.weibo import post
from services.channels.render import render
from services.channels.renderings import Look, Looks, Piece, cut

SHORTEN = "shorten the short text"


def looks(channel: Channel, settings: PushSettings) -> Looks:
    """Return the look of one channel."""
    return Looks([(channel, _MAKERS[channel](settings))])


def _broadcast(_: PushSettings) -> Callable[[DeliveryRequested], Look]:
    def look(request: DeliveryRequested) -> Look:
        title, text = (render(Channel.BROADCAST, part, request) for part in ("title", "text"))
        speaker = request.notice.sender_name
        said = speech.spoken(text, speaker=speaker, drill=request.mode is Mode.DRILL)
        whole = speech.spoken(text, speaker=speaker, drill=request.mode is Mode.DRILL, longest=10_000)
        over = max(0, len(whole) - len(said)) // 2
        limit = speech.LONGEST_READ
        piece, faults = cut("text.short", "speech", "x" * (limit + over), said, limit, SHORTEN)
        return Look(channel=request.channel, pieces=[Piece(name="title", text=title), piece], faults=faults)

    return look


def _cable(_: PushSettings) -> Callable[[DeliveryRequested], Look]:
    def look(request: DeliveryRequested) -> Look:
        limits = order.Limits()
        how = order.display(request.notice, request.action)
        title, text = (render(Channel.CABLE, part, request) for part in ("title", "text"))
        shown = Piece(name="display", text=how)
        head = Piece(name="title", text=order.fitted(title, limits.title), limit=limits.title)
        most = limits.text[how]
        crawl, faults = cut("text.short", "crawl", text, order.fitted(text, most), most, SHORTEN)
        return Look(channel=request.channel, pieces=[shown, head, crawl], faults=faults)

    return look


def _wechat(settings: PushSettings) -> Callable[[DeliveryRequested], Look]:
    def look(request: DeliveryRequested) -> Look:
        found = Look(channel=request.channel)
        for name, part in fields.read(settings.wechat_fields).items():
            text = render(Channel.WECHAT, part, request)
            limit = fields.longest(name)
            piece, faults = cut(
                part, name, text, fields.fitted(name, text), limit, "set another field for it"
            )
            found = Look(
                channel=found.channel, pieces=[*found.pieces, piece], faults=[*found.faults, *faults]
            )
        return found

    return look


def _app(_: PushSettings) -> Callable[[DeliveryRequested], Look]:
    def look(request: DeliveryRequested) -> Look:
        title, text = (render(Channel.APP, part, request) for part in ("title", "text"))
        said, faults = cut("text.short", "text", text, text[: apps.LONGEST], apps.LONGEST, SHORTEN)
        return Look(channel=request.channel, pieces=[Piece(name="title", text=title), said], faults=faults)

    return look


def _voice(_: PushSettings) -> Callable[[DeliveryRequested], Look]:
    def look(request: DeliveryRequested) -> Look:
        spoken = Piece(name="speech", text=speech.written_out(render(Channel.VOICE, "text", request)))
        return Look(channel=request.channel, pieces=[spoken])

    return look


def _web(_: PushSettings) -> Callable[[DeliveryRequested], Look]:
    def look(request: DeliveryRequested) -> Look:
        title, text = (render(Channel.WEB, part, request) for part in ("title", "text"))
        said, faults = cut("text.short", "text", text, text[: web.BODY], web.BODY, SHORTEN)
        return Look(channel=request.channel, pieces=[Piece(name="title", text=title), said], faults=faults)

    return look


def _weibo(settings: PushSettings) -> Callable[[DeliveryRequested], Look]:
    def look(request: DeliveryRequested) -> Look:
        title, text = (render(Channel.WEIBO, part, request) for part in ("title", "text"))
        link = f"{settings.base_url()}/public/{request.warning_id}"
        said = post.words(title, text, link)
        # What does not fit is on the page to which the link leads: that is no fault of the words.
        whole = Piece(name="post", text=post.post(said, link), limit=post.LONGEST)
        return Look(channel=request.channel, pieces=[whole])

    return look


def _upper(_: PushSettings) -> Callable[[DeliveryRequested], Look]:
    def look(request: DeliveryRequested) -> Look:
        text = request.notice.text
        pieces = [Piece(name="headline", text=text.headline), Piece(name="message", text=text.short)]
        return Look(channel=request.channel, pieces=pieces)

    return look


_MAKERS: dict[Channel, Callable[[PushSettings], Callable[[DeliveryRequested], Look]]] = {
    Channel.BROADCAST: _broadcast,
    Channel.CABLE: _cable,
    Channel.WECHAT: _wechat,
    Channel.APP: _app,
    Channel.VOICE: _voice,
    Channel.WEB: _web,
    Channel.WEIBO: _weibo,
    Channel.UPPER: _upper,
}
