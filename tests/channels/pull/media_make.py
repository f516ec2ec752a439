"""The newsrooms' desk for tests: requests to it, and a house that shows what it hears."""

import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from fastapi import FastAPI

from contracts.delivery import DeliveryReported, DeliveryRequested, DeliveryWithdrawn, delivery_id_of
from contracts.registry import BLOCK_CONTEXT, AccountEntry, BlockChanged, DistrictBlock
from contracts.values import Action, Channel, Lane, Level, Mode, Withdrawal
from contracts.warning import Notice, WarningText
from services.channels.pull.media import actions, api, consumers, desk
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.identity import Principal
from services.kit.problems import add_errors
from tests.clock import HandClock
from tests.migrated import migrate
from tests.notices import a_rainstorm
from tests.outbox import said

START = datetime(2026, 6, 1, 14, 5, tzinfo=UTC)
WARNING = UUID(int=7)
ROOMS = ("radio-qijiang", "tv-qijiang")


def a_notice(level: Level = Level.RED, expires: datetime = START + timedelta(hours=6)) -> Notice:
    text = WarningText(
        headline="暴雨红色预警", description="雨" * 60, instruction="避险" * 20, short="雨大，快避险。"
    )
    return a_rainstorm(START - timedelta(seconds=30), level=level, expires=expires, text=text)


def a_request(
    revision: int = 1, action: Action = Action.START, mode: Mode = Mode.LIVE, **notice: object
) -> DeliveryRequested:
    return DeliveryRequested(
        mode=mode,
        lane=Lane.URGENT,
        warning_id=WARNING,
        revision=revision,
        channel=Channel.MEDIA,
        at=START,
        delivery_id=delivery_id_of(WARNING, revision, Channel.MEDIA, "0"),
        action=action,
        notice=a_notice(**notice),  # type: ignore[arg-type]
        targets=ROOMS,
        manifest_sha256="0" * 64,
    )


def over(revision: int, reason: Withdrawal) -> DeliveryWithdrawn:
    return DeliveryWithdrawn(
        mode=Mode.LIVE,
        lane=Lane.URGENT,
        warning_id=WARNING,
        revision=revision,
        channel=Channel.MEDIA,
        at=START,
        reason=reason,
    )


class People:
    """Whoever shows this token is the operator."""

    async def who(self, token: str) -> Principal | None:
        return Principal("qian", "钱伟", frozenset({"operator"})) if token == "operator" else None


@dataclass
class Desk:
    db: Database
    clock: HandClock
    crypto: SoftwareCrypto
    http: httpx.AsyncClient
    key: str = ""

    async def hear(self, *messages: object) -> None:
        for message in messages:
            for subscription in consumers.heard(self.crypto):
                if any(_fits(message.subject, s) for s in subscription.subjects):  # type: ignore[attr-defined]
                    async with self.db.transaction() as tx:
                        await subscription.handle(tx, message)  # type: ignore[arg-type]

    async def alerts(self, newsroom: str = ROOMS[0]) -> list[dict[str, object]]:
        answer = await self.http.get(f"/api/v1/media/{newsroom}/alerts", headers=self.head)
        assert answer.status_code == 200, answer.text
        data: list[dict[str, object]] = answer.json()["data"]
        return data

    @property
    def head(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    async def air(self, revision: int = 1, **said: object) -> httpx.Response:
        body = {"revision": revision, "at": "2026-06-01T22:06:00+08:00", "by": "刘洋", "programme": "FM 92.3"}
        path = f"/api/v1/media/{ROOMS[0]}/alerts/{WARNING}/aired"
        return await self.http.post(path, headers=self.head, json=body | said)

    async def reports(self) -> list[DeliveryReported]:
        found = [m for m in await said(self.db) if isinstance(m, DeliveryReported)]
        assert all(report.size == len(ROOMS) for report in found)
        numbers: dict[UUID, list[int]] = {}
        for report in found:
            numbers.setdefault(report.delivery_id, []).append(report.report)
        assert all(given == list(range(1, len(given) + 1)) for given in numbers.values())
        return found


def _fits(subject: str, pattern: str) -> bool:
    return subject == pattern or (pattern.endswith(".>") and subject.startswith(pattern[:-1]))


def a_block(crypto: SoftwareCrypto, at: datetime, *names: str) -> BlockChanged:
    accounts = tuple(AccountEntry(account_id=n, channel="media", name=f"台 {n}") for n in names)
    others = (AccountEntry(account_id="wechat-main", channel="wechat", name="公众号"),)
    plain = DistrictBlock(accounts=accounts + others).model_dump_json().encode()
    sealed = base64.b64encode(crypto.seal(plain, BLOCK_CONTEXT)).decode()
    return BlockChanged(block="district", sha256="0" * 64, sealed=sealed, at=at)


@contextlib.asynccontextmanager
async def a_newsdesk(url: str, crypto: SoftwareCrypto) -> AsyncIterator[Desk]:
    """A house that knows two newsrooms, one of which has a key."""
    clock = HandClock(START)
    await migrate(url, "services.channels.pull.media.migrations")
    db = Database("media", url, clock)
    app = FastAPI()
    for router in (api.router, api.staff, desk.router):
        app.include_router(router)
    add_errors(app)
    app.state.parts = {"media": api.Parts(db, "https://w.example")}
    app.state.sessions, app.state.internal_key, app.state.databases = People(), "internal", {"media": db}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://w.example") as http:
        opened = Desk(db, clock, crypto, http)
        await opened.hear(a_block(crypto, START, *ROOMS))
        _, opened.key = await actions.issue_key(db, ROOMS[0], Mode.LIVE, "qian")
        yield opened
    await db.close()
