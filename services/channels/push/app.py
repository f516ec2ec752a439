"""Wiring of the push houses: the same engine for each channel, and a table of adapters."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from fastapi import APIRouter

from contracts.values import Channel, Mode
from services.channels.push import api, consumers
from services.channels.push.actions import take
from services.channels.push.adapter import Adapter
from services.channels.push.apps.adapter import Apps
from services.channels.push.broadcast import words
from services.channels.push.broadcast.adapter import Broadcast
from services.channels.push.broadcast.desk import Desk
from services.channels.push.broadcast.draft import Drafts
from services.channels.push.broadcast.site import DIALECTS, MessageType, Site
from services.channels.push.cable.adapter import Cable
from services.channels.push.calling import Line
from services.channels.push.links import Links
from services.channels.push.settings import PushSettings
from services.channels.push.store.serials import Serials
from services.channels.push.wechat import api as wechat_api
from services.channels.push.wechat import fields
from services.channels.push.wechat.adapter import Account, Wechat
from services.channels.push.wechat.token import Token
from services.channels.push.worker import FORGET_EVERY, Workers
from services.kit import sm
from services.kit.crypto import KeyFolder
from services.kit.db import Database
from services.kit.errors import Invalid, Refused, Retry
from services.kit.leadership import Leadership
from services.kit.process import Floor, House, Opener, Service


@dataclass(frozen=True)
class Ground:
    """What an adapter is made from."""

    settings: PushSettings
    floor: Floor
    db: Database
    http: httpx.AsyncClient

    def line(self, whom: str, url: str) -> Line:
        """Return the line to a partner."""
        return Line(self.http, whom, url, self.settings.partner_timeout_s)
