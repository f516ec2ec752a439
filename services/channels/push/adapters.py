"""The table of adapters: how each channel's is made from the settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from contracts.values import Channel, Level, Mode
from services.channels.push.adapter import Adapter
from services.channels.push.apps.adapter import Apps
from services.channels.push.broadcast import audio, keys, words
from services.channels.push.broadcast.adapter import Broadcast
from services.channels.push.broadcast.desk import Desk
from services.channels.push.broadcast.draft import Drafts
from services.channels.push.broadcast.site import DIALECTS, MessageType, Owner, Site
from services.channels.push.cable import order
from services.channels.push.cable.adapter import Cable
from services.channels.push.calling import Line
from services.channels.push.settings import PushSettings
from services.channels.push.store.serials import Serials
from services.channels.push.upper.adapter import Upper
from services.channels.push.upper.exchange import Disk, Exchange
from services.channels.push.upper.ftp import Ftp
from services.channels.push.voice.adapter import Voice
from services.channels.push.web.adapter import Web
from services.channels.push.web.post import Post
from services.channels.push.web.vapid import Vapid
from services.channels.push.wechat import fields
from services.channels.push.wechat.adapter import Account, Wechat
from services.channels.push.wechat.client import Client
from services.channels.push.wechat.quota import Quota
from services.channels.push.wechat.token import Token
from services.channels.push.weibo.adapter import Weibo
from services.kit import sm
from services.kit.crypto import CryptoProvider, KeyFolder
from services.kit.db import Database
from services.kit.errors import Invalid


@dataclass(frozen=True)
class Ground:
    """What an adapter is made from."""

    settings: PushSettings
    db: Database
    http: httpx.AsyncClient
    crypto: CryptoProvider
    keys: KeyFolder
    lines: list[Line] = field(default_factory=list)
    """Every line that was laid from here."""

    def line(self, whom: str, url: str) -> Line:
        """Return the line to a partner; `url` may hold several addresses."""
        self.lines.append(Line(self.http, whom, url, self.settings.partner_timeout_s))
        return self.lines[-1]


def _broadcast(ground: Ground) -> Adapter:
    settings = ground.settings
    urls = {
        Mode.LIVE: settings.broadcast_url,
        Mode.DRILL: settings.broadcast_drill_url or settings.broadcast_url,
    }
    peer = Peer(
        Channel.BROADCAST,
        settings.broadcast_platform,
        settings.broadcast_platform_key,
        settings.broadcast_dialect,
    )
    return Broadcast(
        _desks(ground, peer, "the broadcast platform", urls),
        Drafts(Serials(ground.db), ground.db.clock),
        words.put,
        library=audio.read(settings.broadcast_audio),
    )


@dataclass(frozen=True)
class Peer:
    """Whoever takes EBD packets on a channel, as the settings name him."""

    channel: Channel
    platform: str
    key: str
    dialect: str

    def named(self, setting: str) -> str:
        """Return the name of a setting of this peer."""
        return f"YUTIAN_{self.channel.upper()}_{setting}"


def _desks(ground: Ground, peer: Peer, whom: str, urls: Mapping[Mode, str]) -> dict[Mode, Desk | None]:
    """Return a desk for each mode; where both have the same address, it is the same line."""
    lines = {url: ground.line(whom, url) for url in set(urls.values()) if url}
    return {mode: _desk(ground, peer, mode, lines[url]) if url else None for mode, url in urls.items()}


def _desk(ground: Ground, peer: Peer, mode: Mode, line: Line) -> Desk:
    settings = ground.settings
    try:
        platform_key = sm.PublicKey.from_hex(peer.key)
    except ValueError as error:
        raise Invalid(
            peer.named("PLATFORM_KEY"), str(error), "set the public key that the platform gave us"
        ) from None
    if peer.dialect not in DIALECTS:
        known = ", ".join(DIALECTS)
        setting = "DIALECT" if peer.channel is Channel.BROADCAST else "PROTOCOL"
        raise Invalid(peer.named(setting), "is unknown", f"use one of {known}")
    site = Site(
        ebrid=settings.broadcast_ebrid,
        platform=peer.platform,
        certificate=settings.broadcast_certificate,
        certificate_issuer=settings.broadcast_issuer,
        sender_code=settings.broadcast_sender_code or None,
        dialect=DIALECTS[peer.dialect],
        drill=MessageType(settings.broadcast_drill),
        url=f"{settings.base_url()}/api/v1/ebd/{peer.channel}/{mode}",
        owner=Owner(settings.broadcast_owner),
    )
    return Desk(line, site, ground.crypto.sm2(keys.purpose(mode)), platform_key)


def _cable(ground: Ground) -> Adapter:
    settings = ground.settings
    if settings.cable_protocol != "order":
        return _cable_by_packets(ground)
    limits = order.Limits(
        display={
            **order.Limits().display,
            Level.RED: settings.cable_red,
            Level.ORANGE: settings.cable_orange,
        },
        program=settings.cable_program,
        contact_s=settings.cable_contact_s,
    )
    key = settings.cable_key.get_secret_value().encode()
    return Cable(ground.line("the head-end", settings.cable_url), key, limits, ground.db.clock)


def _cable_by_packets(ground: Ground) -> Adapter:
    """Return the adapter to a head-end that takes EBD packets, as a broadcast platform does."""
    settings = ground.settings
    peer = Peer(Channel.CABLE, settings.cable_platform, settings.cable_platform_key, settings.cable_protocol)
    longest = max(order.Limits().text.values())
    return Broadcast(
        _desks(ground, peer, "the head-end", dict.fromkeys(Mode, settings.cable_url)),
        Drafts(Serials(ground.db), ground.db.clock),
        partial(words.put, channel=Channel.CABLE),
        text=lambda short, _site, _drill: order.fitted(short, longest),
        channel=Channel.CABLE,
    )


def _wechat(ground: Ground) -> Adapter:
    settings = ground.settings
    line = ground.line("WeChat", settings.wechat_url)
    token = Token(ground.db, line, ground.crypto, settings.wechat_appid, settings.wechat_secret)
    account = Account(
        account_id=settings.wechat_account,
        template=settings.wechat_template,
        fields=fields.read(settings.wechat_fields),
        page_url=f"{settings.base_url()}/public",
    )
    client = Client(line, token)
    quota = Quota(ground.db, client, settings.wechat_appid, account.account_id, settings.wechat_reserve)
    return Wechat(client, quota, account, settings.wechat_per_s, settings.wechat_event_s)


def _apps(ground: Ground) -> Adapter:
    settings = ground.settings
    return Apps(ground.line("the push vendor", settings.app_url), settings.app_key, settings.app_secret)


def _voice(ground: Ground) -> Adapter:
    line = ground.line("the calling platform", ground.settings.voice_url)
    return Voice(line, ground.settings.voice_key, ground.settings.voice_rings)


def _web(ground: Ground) -> Adapter:
    settings = ground.settings
    vapid = Vapid(ground.keys, settings.web_contact)
    post = Post(ground.line("the push service", ""), vapid, settings.web_per_s)
    return Web(ground.db, ground.crypto, post, f"{settings.base_url()}/public")


def _weibo(ground: Ground) -> Adapter:
    settings = ground.settings
    page_url = f"{settings.base_url()}/public"
    return Weibo(ground.line("Weibo", settings.weibo_url), settings.weibo_token, settings.weibo_ip, page_url)


def _upper(ground: Ground) -> Adapter:
    settings = ground.settings
    patience = timedelta(seconds=settings.upper_ack_s)
    return Upper(_exchange(settings), Serials(ground.db), patience)


def _exchange(settings: PushSettings) -> Exchange | None:
    if not settings.upper_url:
        return None
    parts = urlsplit(settings.upper_url)
    if parts.scheme == "file":
        return Disk(Path(unquote(parts.path)), settings.partner_timeout_s)
    return Ftp(settings.upper_url, settings.upper_password, settings.partner_timeout_s)


ADAPTERS: Mapping[Channel, Callable[[Ground], Adapter]] = {
    Channel.BROADCAST: _broadcast,
    Channel.CABLE: _cable,
    Channel.WECHAT: _wechat,
    Channel.APP: _apps,
    Channel.VOICE: _voice,
    Channel.WEB: _web,
    Channel.WEIBO: _weibo,
    Channel.UPPER: _upper,
}
"""One row for each channel whose partner we call."""
