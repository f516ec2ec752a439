"""The day's quota: what is not urgent leaves a reserve, and for a red warning a spent one is cleared once."""

from datetime import datetime, timedelta

from prometheus_client import Gauge

from contracts.delivery import DeliveryRequested
from contracts.values import Action, Lane, Level, Mode
from services.channels.push.adapter import Unset
from services.channels.push.store import tokens
from services.channels.push.store.serials import Serials
from services.channels.push.wechat.client import QUOTA_WAIT_S, Client
from services.kit.clock import BEIJING
from services.kit.db import Database
from services.kit.errors import Problem, Refused, Reject, Retry
from services.kit.telemetry import log

LEFT = Gauge("yutian_wechat_quota_left", "Template messages that WeChat takes from us today", ["account"])

SEND = "/cgi-bin/message/template/send"
_GET, _CLEAR = "/cgi-bin/openapi/quota/get", "/cgi-bin/clear_quota"
ASKED_EVERY = timedelta(seconds=60)
MOST_CLEARED = 10
"""How often a month WeChat lets an account clear its quotas."""

ONCE_IN = timedelta(hours=1)
"""A clearing that did not help is not tried again at once, and people are told once."""


class Quota:
    """Watches the quota of one account."""

    def __init__(self, db: Database, client: Client, appid: str, account: str, reserve: int) -> None:
        self.db = db
        self.client = client
        self.appid = appid
        self.account = account
        self.reserve = reserve
        self._left: int | None = None
        self._asked_at: datetime | None = None

    async def left(self) -> int | None:
        """Ask how many messages may still be sent today; None when WeChat does not say."""
        quota = (await self.client.done(_GET, {"cgi_path": SEND})).get("quota")
        left = quota.get("remain") if isinstance(quota, dict) else None
        self._left = left if isinstance(left, int) and not isinstance(left, bool) else None
        self._asked_at = self.db.clock.now()
        if self._left is not None:
            LEFT.labels(self.account).set(self._left)
        return self._left

    async def spare(self, request: DeliveryRequested) -> None:
        """Raise Unset when a message that is not urgent would eat into what is kept for those that are."""
        urgent = request.lane is Lane.URGENT and request.mode is Mode.LIVE
        if urgent or not self.reserve:
            return
        now = self.db.clock.now()
        if self._asked_at is None or now - self._asked_at >= ASKED_EVERY:
            try:
                await self.left()
            except Problem:
                # Who does not know how much is left does not hold anything back.
                self._left, self._asked_at = None, now
        if self._left is not None and self._left - request.size < self.reserve:
            why = f"{self._left} messages are left today, and {self.reserve} are kept for what is urgent"
            await self._tell("wechat.quota-kept", request, why)
            raise Unset(why, after=QUOTA_WAIT_S)
        if self._left is not None:
            self._left -= request.size

    async def gone(self, request: DeliveryRequested) -> Retry:
        """Return what is done now that the quota is spent: for a red warning it is cleared, once an hour."""
        why = "the day's quota is used up"
        if (
            request.mode is Mode.LIVE
            and request.notice.level is Level.RED
            and request.action is not Action.STOP
        ):
            try:
                await self.clear("a red warning")
            except (Retry, Refused, Reject) as problem:
                why = f"{why}: {problem.why}"
            else:
                return Retry("the day's quota was cleared for a red warning", after=1)
        await self._tell("wechat.quota-gone", request, why)
        return Unset(why, after=QUOTA_WAIT_S)

    async def clear(self, because: str, *, actor: str | None = None) -> int:
        """Clear the account's quotas; return how often that was done this month.

        A person may do so at any time; of itself it is done once an hour, because each clearing counts.
        """
        month = self.db.clock.now().astimezone(BEIJING).strftime("%Y-%m")
        async with self.db.transaction() as tx:
            mine = await tokens.may_ask(tx, f"clear/{self.appid}"[:64], ONCE_IN)
        if not (mine or actor):
            raise Refused("it was cleared within the hour", mend="let an operator see to the account")
        times = await Serials(self.db).next(f"cleared-{month}")
        if times > MOST_CLEARED:
            why = f"it was cleared {MOST_CLEARED} times this month"
            raise Refused(why, mend="wait for the next day, or ask WeChat for more")
        await self.client.done(_CLEAR, {"appid": self.appid})
        async with self.db.transaction() as tx:
            tx.record(
                "wechat.quota-cleared",
                lane=Lane.URGENT,
                actor=actor,
                about=self.account,
                because=because,
                times=times,
            )
        log.error("quota cleared", because=because, times=times)
        self._asked_at = None
        return times

    async def _tell(self, kind: str, request: DeliveryRequested, why: str) -> None:
        """Record it for people, once an hour for each kind."""
        async with self.db.transaction() as tx:
            if await tokens.may_ask(tx, f"{kind}/{self.appid}"[:64], ONCE_IN):
                tx.record(
                    kind,
                    mode=request.mode,
                    lane=Lane.URGENT,
                    warning_id=request.warning_id,
                    about=self.account,
                    reason=why,
                )
                log.error("quota of WeChat", why=why)
