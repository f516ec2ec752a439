"""The WeChat adapter takes the exam, with the server of the sandbox, its tokens and its late events."""

import json
from collections.abc import Callable, Mapping

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from contracts.outcome import TargetState
from contracts.values import Channel
from contracts.warning import Notice
from sandbox import wechat
from sandbox.wechat_token import Tokens
from services.channels.push.actions import hear
from services.channels.push.adapter import Adapter
from services.channels.push.wechat import api, fields
from services.channels.push.wechat.adapter import Account, Wechat
from services.channels.push.wechat.client import Client
from services.channels.push.wechat.mass import Masses
from services.channels.push.wechat.quota import Quota
from services.channels.push.wechat.token import Token
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.problems import add_errors
from tests.channels.exam import Candidate, Network, answering
from tests.channels.push.push_make import ACCOUNT, PushHouse, a_notice
from tests.clock import HandClock

APPID, SECRET, CALLBACK = "wx0123456789", "app-secret-of-the-exam", "callback-token-of-the-exam"
DRILL_TAG = 7
TEMPLATE = "template-of-the-exam"
FOLLOWERS = tuple(f"openid-of-follower-{n}" for n in range(5))
FIELDS = "thing1=title,time2=sent,thing3=area,thing4=todo"
SEND = "/cgi-bin/message/template/send"


class WechatCandidate(Candidate):
    """The WeChat server of the sandbox, and the address to which it posts its events."""

    channel = Channel.WECHAT
    path = SEND
    arrived = TargetState.RECEIVED
    times = at_once = len(FOLLOWERS)
    people = FOLLOWERS
    can_stop = False
    reserve = 0

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        self.secrets = (SECRET, CALLBACK, *FOLLOWERS)
        self.account = wechat.Account(
            tokens=Tokens(APPID, SECRET, now=self.theirs),
            followers=set(FOLLOWERS),
            templates={TEMPLATE: ("thing1", "time2", "thing3", "thing4")},
            callback="http://ours/api/v1/wechat/events",
            callback_token=CALLBACK,
            finishes_after_s=0,
            now=self.theirs,
            faults=self.faults,
        )

    def app(self) -> FastAPI:
        return wechat.create(self.account)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        line = self.line(http, url)
        client = Client(line, Token(db, line, self.crypto, APPID, SecretStr(SECRET)))
        self.masses = Masses(db, client, DRILL_TAG)
        ours = FastAPI()
        ours.include_router(api.router)
        add_errors(ours)
        parts = api.EventParts(db, SecretStr(CALLBACK), lambda: None, self.masses.ended)
        ours.state.parts = {"wechat-events": parts}
        self.account.http = httpx.AsyncClient(transport=httpx.ASGITransport(ours))
        account = Account(ACCOUNT, TEMPLATE, fields.read(FIELDS), "http://ours/public")
        return Wechat(client, Quota(db, client, APPID, ACCOUNT, self.reserve), account, per_s=1000)

    def empty(self) -> Notice:
        return a_notice().model_copy(update={"areas": ()})

    @staticmethod
    def _lifts(sent: wechat.Sent) -> bool:
        return "解除" in sent.data["thing1"]

    def said(self) -> int:
        return sum(not self._lifts(sent) for sent in self.account.sent.values())

    def standing(self) -> int:
        last = {sent.openid: sent for sent in self.account.sent.values()}
        return sum(not self._lifts(sent) for sent in last.values())

    def lifted(self) -> int:
        return sum(self._lifts(sent) for sent in self.account.sent.values())

    def forget(self) -> None:
        self.account.tokens.issued.clear()

    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        return {
            **{str(code): self._answering(code, times=99) for code in (47003, 47001)},
            **{f"follower {code}": self._answering(code, times=5) for code in (40003, 43004, 43101)},
            "400": lambda network: network.spoil(answering(400), SEND, times=99),
        }

    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        codes = (40037, 40164, 45009, 45011, 48001, 48004, 99999)
        return {str(code): self._answering(code, times=99) for code in codes} | {
            "403": lambda network: network.spoil(answering(403), SEND, times=99),
        }

    @staticmethod
    def _answering(code: int, times: int) -> Callable[[Network], None]:
        body = json.dumps({"errcode": code, "errmsg": "no rid: 5f8a"}).encode()
        return lambda network: network.spoil(answering(200, body), SEND, times)

    async def later(self, house: PushHouse) -> None:
        await self.account.settled()
        while await hear.fold(house.db):
            pass

    def check_drill(self) -> None:
        for sent in self.account.sent.values():
            assert "演练" in sent.data["thing1"]
            assert "演练" in sent.data["thing4"]
