"""The stable access token: asked for once, kept sealed, shared by all replicas, renewed in time."""

import asyncio
from datetime import timedelta

import orjson
from pydantic import SecretStr

from services.channels.push.adapter import Unset, Unwell
from services.channels.push.calling import Line
from services.channels.push.store import tokens
from services.channels.push.wechat.codes import Act, meaning
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Reject, Retry

RENEW_AT = 0.8
"""The part of its life after which a token is renewed."""

ASKING = timedelta(seconds=15)
"""How long one replica has the right to ask; longer than a call may take."""

_LEAST_LIFE = timedelta(seconds=60)


class Token:
    """Hands out the token of one account."""

    def __init__(
        self, db: Database, line: Line, crypto: CryptoProvider, appid: str, secret: SecretStr
    ) -> None:
        self.db = db
        self.line = line
        self.crypto = crypto
        self.appid = appid
        self.secret = secret
        self._context = f"yutian/wechat-token/{appid}".encode()
        self._one_at_a_time = asyncio.Lock()

    async def get(self) -> str:
        """Return a token that is good, asking WeChat only when none is kept or it is time for a new one."""
        kept, renew = await self._kept()
        if kept is not None and not renew:
            return kept
        async with self._one_at_a_time:
            kept, renew = await self._kept()
            if kept is not None and not renew:
                return kept
            return await self._ask(kept, refused=None)

    async def another(self, refused: str) -> str:
        """Return a token other than one that WeChat has refused."""
        async with self._one_at_a_time:
            kept, _ = await self._kept()
            if kept is not None and kept != refused:
                return kept
            return await self._ask(None, refused=refused)

    async def _kept(self) -> tuple[str | None, bool]:
        """Return the token that is kept, None when there is none that is good, and whether to renew it."""
        row = await tokens.held(self.db, self.appid)
        now = self.db.clock.now()
        if row is None or row["sealed"] is None or row["good_until"] <= now:
            return None, True
        try:
            return self.crypto.unseal(row["sealed"], self._context).decode(), row["renew_at"] <= now
        except (Reject, Retry):
            return None, True

    async def _ask(self, kept: str | None, refused: str | None) -> str:
        """Ask WeChat, unless another replica is at it; then the old token still serves, or one waits."""
        async with self.db.transaction() as tx:
            mine = await tokens.may_ask(tx, self.appid, ASKING)
        if not mine:
            if kept is not None:
                return kept
            raise Retry("another replica is asking for the token", after=1)
        try:
            # Another replica may have been quicker by a moment.
            found, due = await self._kept()
            if found is None or due or found == refused:
                return await self._fetch(refused)
        except Retry:
            found = kept
            if found is None:
                await self._give_back()
                raise
        await self._give_back()
        return found

    async def _give_back(self) -> None:
        async with self.db.transaction() as tx:
            await tokens.give_back(tx, self.appid)

    async def _fetch(self, refused: str | None) -> str:
        found, life = await self._call(force=False)
        if found == refused:
            # WeChat repeats a token that it refuses: only force helps, and it may be used 20 times a day.
            found, life = await self._call(force=True)
        async with self.db.transaction() as tx:
            sealed = self.crypto.seal(found.encode(), self._context)
            await tokens.keep(tx, self.appid, sealed, tx.now + life, tx.now + life * RENEW_AT)
        return found

    async def _call(self, *, force: bool) -> tuple[str, timedelta]:
        body = orjson.dumps(
            {
                "grant_type": "client_credential",
                "appid": self.appid,
                "secret": self.secret.get_secret_value(),
                "force_refresh": force,
            }
        )
        headers = {"content-type": "application/json"}
        said = (await self.line.ask("POST", "/cgi-bin/stable_token", content=body, headers=headers)).json()
        code = said.get("errcode", 0)
        if code:
            raise _problem(code)
        token, life = said.get("access_token"), said.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(life, int):
            raise Unwell("WeChat answered without a token")
        return token, max(timedelta(seconds=life), _LEAST_LIFE)


def _problem(code: object) -> Retry:
    """Return why there is no token; nothing is lost while there is none."""
    act, words = meaning(code) if isinstance(code, int) else (Act.AGAIN, "WeChat's code is not a number")
    why = f"no token: {words}"
    if act is Act.AGAIN:
        return Unwell(why)
    return Retry(why, after=60) if act in (Act.SLOWER, Act.QUOTA) else Unset(why, after=30)
