"""Mass messages: a digest to all followers, or a drill to those who take part; never a warning.

One person writes, another one sends. WeChat knows a message by our own id, so that sending it again after an
answer that was lost is harmless.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

from contracts.values import Mode
from services.channels.push.store import masses
from services.channels.push.store.masses import Mass
from services.channels.push.wechat.client import Client, told, trouble
from services.channels.push.wechat.codes import Act
from services.channels.push.wechat.events import Massed
from services.channels.render import words
from services.kit.db import Database, Transaction
from services.kit.errors import Forbidden, NotFound, Refused, Reject

CONFIRMED_WITHIN = timedelta(minutes=30)
"""How long an administrator of the account has to confirm a mass message at WeChat's."""

_SEND, _PREVIEW = "/cgi-bin/message/mass/sendall", "/cgi-bin/message/mass/preview"


class Kind(StrEnum):
    """What may be sent to many at once. There is no third kind: WeChat is too slow for a warning so."""

    DIGEST = "digest"
    DRILL = "drill"


class Masses:
    """The mass messages of one account."""

    def __init__(self, db: Database, client: Client, drill_tag: int) -> None:
        self.db = db
        self.client = client
        self.drill_tag = drill_tag

    async def write(self, kind: Kind, text: str, *, by: str) -> Mass:
        """Keep a new one; it goes nowhere until somebody else sends it."""
        if kind is Kind.DRILL and not self.drill_tag:
            why = "no tag of followers who take part in drills is configured"
            raise Refused(why, mend="set YUTIAN_WECHAT_DRILL_TAG")
        async with self.db.transaction() as tx:
            mass = Mass(uuid4().hex, kind, text, by, tx.now)
            await masses.add(tx, mass)
            _record(tx, "wechat.mass-written", mass, by)
        return mass

    async def preview(self, mass_id: str, openid: str) -> None:
        """Show it to one follower, before it is sent."""
        async with self.db.transaction() as tx:
            mass = await _found(tx, mass_id)
        await self.client.done(_PREVIEW, {"touser": openid, **_content(mass)})

    async def send(self, mass_id: str, *, by: str) -> Mass:
        """Send it; whoever wrote it may not. What WeChat may have taken can be sent again."""
        async with self.db.transaction() as tx:
            mass = await _found(tx, mass_id)
            if mass.author == by:
                raise Forbidden("whoever wrote a mass message does not send it")
            if mass.state not in ("written", "sending"):
                raise Refused(f"it is {mass.state} already", mend="write a new one")
            mass = replace(mass, state="sending", sender=by, sent_at=tx.now)
            await masses.save(tx, mass)
            _record(tx, "wechat.mass-sent", mass, by)
        return await self._sent(mass)

    async def _sent(self, mass: Mass) -> Mass:
        said = await self.client.ask(_SEND, self._body(mass))
        act, why = told(said)
        if act in (Act.AGAIN, Act.SLOWER, Act.TOKEN):
            raise trouble(act, why)
        async with self.db.transaction() as tx:
            now = await _found(tx, mass.mass_id)
            if act is Act.DONE:
                number = said.get("msg_id")
                known = str(number)[:64] if isinstance(number, int | str) else now.message_id
                now = replace(now, state="sent", message_id=known)
            else:
                now = replace(now, state="failed", detail=why)
            await masses.save(tx, now)
        if now.state == "failed":
            raise Reject(f"WeChat refused it: {why}")
        return now

    async def ended(self, event: Massed) -> None:
        """Note what WeChat says of one, as often as it says it."""
        async with self.db.transaction() as tx:
            mass = await masses.by_message(tx, event.message_id)
            if mass is not None and mass.state == "sent":
                state = "failed" if event.detail else "finished"
                done = replace(mass, state=state, reached=event.reached, detail=event.detail)
                await masses.save(tx, done)
                _record(tx, "wechat.mass-ended", done, None)

    def _body(self, mass: Mass) -> dict[str, Any]:
        everybody = {"is_to_all": True}
        meant = everybody if mass.kind == Kind.DIGEST else {"is_to_all": False, "tag_id": self.drill_tag}
        return {"filter": meant, **_content(mass), "clientmsgid": mass.mass_id}


def stands(mass: Mass, now: datetime) -> str:
    """Return how a mass message stands: one that nobody has confirmed in time is `unconfirmed`."""
    waited = mass.state == "sent" and mass.sent_at is not None and now - mass.sent_at > CONFIRMED_WITHIN
    return "unconfirmed" if waited else mass.state


def _content(mass: Mass) -> dict[str, Any]:
    text = words(f"wechat/mass.{mass.kind}.j2", text=mass.text)
    return {"msgtype": "text", "text": {"content": text}}


async def _found(tx: Transaction, mass_id: str) -> Mass:
    mass = await masses.get(tx, mass_id)
    if mass is None:
        raise NotFound("there is no such mass message")
    return mass


def _record(tx: Transaction, kind: str, mass: Mass, by: str | None) -> None:
    mode = Mode.DRILL if mass.kind == Kind.DRILL else Mode.LIVE
    told = {"state": mass.state, "reached": mass.reached, "why": mass.detail}
    tx.record(kind, mode=mode, actor=by, about=mass.mass_id, mass=told)
