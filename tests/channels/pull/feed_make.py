"""The feed for tests: requests to it, and a house that shows what it hears."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import feedparser
import httpx

from contracts.delivery import DeliveryReported, DeliveryRequested, DeliveryWithdrawn, delivery_id_of
from contracts.values import Action, Channel, Lane, Mode, Place, Withdrawal
from contracts.warning import Notice, WarningCancelled, WarningExpired, WarningHalted, WarningText
from services.channels.pull.feed import consumers
from services.channels.pull.feed.board import Board
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.clock import HandClock
from tests.notices import a_rainstorm
from tests.outbox import said

START = datetime(2026, 6, 1, 14, 5, tzinfo=UTC)
WARNING = UUID(int=7)
CAP = '<?xml version="1.0" encoding="UTF-8"?>\n<alert>  未经改动\r\n<!-- a byte is a byte --></alert>\n'
BASE = "https://warnings.example"


def a_notice(number: int = 0, *, expires: datetime = START + timedelta(hours=6)) -> Notice:
    return a_rainstorm(
        START,
        identifier=f"50011041600000_20260601220430_{number}",
        sent=START - timedelta(seconds=30),
        expires=expires,
        text=WarningText(
            headline=f"暴雨橙色预警<{number}>&", description="雨", instruction="避险", short="雨"
        ),
        areas=(Place(code="500110110000", name="赶水镇", outline=((1, 1), (2, 1), (2, 2), (1, 1))),),
    )


def a_request(
    revision: int = 1,
    action: Action = Action.START,
    *,
    notice: Notice | None = None,
    warning_id: UUID = WARNING,
    cap: str = CAP,
) -> DeliveryRequested:
    return DeliveryRequested(
        mode=Mode.LIVE,
        lane=Lane.URGENT,
        warning_id=warning_id,
        revision=revision,
        channel=Channel.FEED,
        at=START,
        delivery_id=delivery_id_of(warning_id, revision, Channel.FEED, "0"),
        action=action,
        notice=notice or a_notice(revision),
        targets=("feed",),
        cap_xml=cap,
        manifest_sha256="0" * 64,
    )


@dataclass
class FeedHouse:
    db: Database
    clock: HandClock
    board: Board
    crypto: SoftwareCrypto
    http: httpx.AsyncClient

    async def hear(self, *messages: object) -> None:
        """Hear messages as the consumers do, and show what came of them."""
        for message in messages:
            subject = message.subject  # type: ignore[attr-defined]
            for subscription in consumers.heard(self.crypto, self.board.changed):
                if subject in subscription.subjects or subject.startswith(
                    subscription.subjects[0].rstrip(">")
                ):
                    async with self.db.transaction() as tx:
                        await subscription.handle(tx, message)  # type: ignore[arg-type]
        await self.board.renew()

    async def parsed(self) -> feedparser.FeedParserDict:
        answer = await self.http.get("/feed/cap.atom")
        assert answer.headers["content-type"].startswith("application/atom+xml")
        found = feedparser.parse(answer.content)
        assert not found.bozo, found.get("bozo_exception")
        return found

    async def ids(self) -> list[str]:
        return [entry.id for entry in (await self.parsed()).entries]

    async def reports(self) -> list[DeliveryReported]:
        return [message for message in await said(self.db) if isinstance(message, DeliveryReported)]


def withdrawn(revision: int, reason: Withdrawal = Withdrawal.CANCELLED) -> DeliveryWithdrawn:
    return DeliveryWithdrawn(
        mode=Mode.LIVE,
        lane=Lane.URGENT,
        warning_id=WARNING,
        revision=revision,
        channel=Channel.FEED,
        at=START,
        reason=reason,
    )


def ended(kind: type[WarningHalted] | type[WarningExpired], revision: int) -> WarningHalted | WarningExpired:
    said = {"by": "li", "reason": "wrong town"} if kind is WarningHalted else {}
    return kind.model_validate(
        {"mode": "live", "lane": "urgent", "warning_id": WARNING, "revision": revision, "at": START, **said}
    )


def cancelled(revision: int) -> WarningCancelled:
    return WarningCancelled.model_validate(
        {
            "mode": "live",
            "lane": "urgent",
            "warning_id": WARNING,
            "revision": revision,
            "at": START,
            "notice": a_notice(revision),
            "selection": {},
            "cap_xml": CAP,
            "content_sha256": "0" * 64,
            "manifest_sha256": "0" * 64,
            "registry_version": "0" * 64,
            "approved_at": START,
        }
    )
