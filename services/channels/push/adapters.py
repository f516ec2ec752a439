"""The table of adapters: how each channel's is made from the settings."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from contracts.values import Channel, Mode
from services.channels.push.adapter import Adapter
from services.channels.push.apps.adapter import Apps
from services.channels.push.broadcast import keys, words
from services.channels.push.broadcast.adapter import Broadcast
from services.channels.push.broadcast.desk import Desk
from services.channels.push.broadcast.draft import Drafts
from services.channels.push.broadcast.site import DIALECTS, MessageType, Site
from services.channels.push.cable.adapter import Cable
from services.channels.push.calling import Line
from services.channels.push.settings import PushSettings
from services.channels.push.store.serials import Serials
from services.channels.push.upper.adapter import Upper
from services.channels.push.upper.exchange import Disk, Exchange
from services.channels.push.upper.ftp import Ftp
from services.channels.push.voice.adapter import Voice
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
    keys: KeyFolder
    crypto: CryptoProvider

    def line(self, whom: str, url: str) -> Line:
        """Return the line to a partner."""
        return Line(self.http, whom, url, self.settings.partner_timeout_s)


def _broadcast(ground: Ground) -> Adapter:
    settings = ground.settings
    urls = {
        Mode.LIVE: settings.broadcast_url,
        Mode.DRILL: settings.broadcast_drill_url or settings.broadcast_url,
    }
    desks = {mode: _desk(ground, mode, url) if url else None for mode, url in urls.items()}
    return Broadcast(desks, Drafts(Serials(ground.db), ground.db.clock), words.put)


def _desk(ground: Ground, mode: Mode, url: str) -> Desk:
    settings = ground.settings
    try:
        platform_key = sm.PublicKey.from_hex(settings.broadcast_platform_key)
    except ValueError as error:
        raise Invalid(
            "YUTIAN_BROADCAST_PLATFORM_KEY", str(error), "set the public key that the platform gave us"
        ) from None
    if settings.broadcast_dialect not in DIALECTS:
        known = ", ".join(DIALECTS)
        raise Invalid("YUTIAN_BROADCAST_DIALECT", "is unknown", f"use one of {known}")
    site = Site(
        ebrid=settings.broadcast_ebrid,
        platform=settings.broadcast_platform,
        certificate=settings.broadcast_certificate,
        dialect=DIALECTS[settings.broadcast_dialect],
        drill=MessageType(settings.broadcast_drill),
    )
    line = ground.line("the broadcast platform", url)
    return Desk(line, site, keys.signer(ground.keys, mode), platform_key)


def _cable(ground: Ground) -> Adapter:
    key = ground.settings.cable_key.get_secret_value().encode()
    return Cable(ground.line("the head-end", ground.settings.cable_url), key)


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
    Channel.WEIBO: _weibo,
    Channel.UPPER: _upper,
}
"""One row for each channel whose partner we call."""
