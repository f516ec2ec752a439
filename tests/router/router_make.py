"""What the router's tests share: questions, pinned manifests, warnings, and what was said of them."""

import base64
import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.canonical import sha256_hex
from contracts.delivery import DeliveryReported, DeliveryRequested, SealedBatch
from contracts.message import Message
from contracts.outcome import TargetState
from contracts.plan import Manifest
from contracts.values import AreaSelection, Channel, Lane, Level, Mode
from contracts.warning import (
    Notice,
    WarningCancelled,
    WarningHalted,
    WarningIssued,
    WarningPublished,
    WarningText,
    WarningUpdated,
)
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.outbox import OUTBOX
from services.router.actions.copy import copy
from services.router.actions.library import Library
from services.router.actions.plan import plan
from services.router.actions.preview import Question, preview
from services.router.actions.rulebook import ROUTING
from services.router.model.manifest import Drawn, draw
from services.router.model.registry import Registry
from services.router.model.routing import Decided, Occasion
from services.router.model.rules import Rules, read
from tests.notices import a_rainstorm
from tests.outbox import said
from tests.router.registry_make import (
    ALL,
    LIVE,
    NOON,
    PERSON,
    TOWNS,
    WHOLE,
    Block,
    a_district,
    a_person,
    a_village,
    changed,
)


class Filling:
    """A copy of the registry that is whole, or is not."""

    whole = True

    async def check(self) -> None:
        """Raise Retry while it is not."""
        if not self.whole:
            raise Retry("the copy of the registry is being filled", after=1)


async def fill(db: Database, crypto: SoftwareCrypto, blocks: dict[str, Block]) -> None:
    """Copy all blocks of a district."""
    for key, block in blocks.items():
        async with db.transaction() as tx:
            await copy(tx, changed(key, block, crypto), crypto)


async def pinned(db: Database, crypto: SoftwareCrypto, mode: Mode = Mode.LIVE) -> Manifest:
    """Pin the whole district by every way, and return its manifest."""
    return (await preview(db, Library(crypto), EVERY_WAY, a_question(mode=mode), pin=True)).manifest


async def pinned_with_a_person(db: Database, crypto: SoftwareCrypto, mode: Mode = Mode.LIVE) -> Manifest:
    """Fill and pin a district in which one village has a person and no device."""
    blocks = a_district()
    answers = a_person(5, PERSON, role="responsible", station=PERSON, groups=("drill",))
    usual = a_village(PERSON, TOWNS[0], 0, 0)
    blocks[PERSON] = usual.model_copy(update={"recipients": (*usual.recipients, answers)})
    await fill(db, crypto, blocks)
    return await pinned(db, crypto, mode)


async def planned(db: Database, crypto: SoftwareCrypto, message: WarningPublished) -> list[Message]:
    """Plan a revision; return what was said."""
    await forget_said(db)
    async with db.transaction() as tx:
        await plan(tx, message, crypto)
    return await said(db)


@dataclass(frozen=True)
class AWarning:
    """A warning whose messages differ only in what a test says."""

    manifest: Manifest
    warning_id: UUID = field(default_factory=uuid4)
    level: Level = Level.RED
    expires: datetime = NOON + timedelta(hours=6)

    def notice(self) -> Notice:
        """Return the face of the warning."""
        return a_rainstorm(
            NOON,
            identifier="50011041600000_20260601120000_1",
            level=self.level,
            expires=self.expires,
            text=WarningText(headline="暴雨预警", description="大雨", instruction="转移", short="大雨"),
            areas=self.manifest.areas,
        )

    def issued(self, **given: Any) -> WarningIssued:
        """Return the first revision."""
        return self._published(WarningIssued, revision=1, **given)

    def updated(self, revision: int = 2, **given: Any) -> WarningUpdated:
        """Return a later revision."""
        return self._published(WarningUpdated, revision=revision, **given)

    def cancelled(self, revision: int = 2, **given: Any) -> WarningCancelled:
        """Return the revision that lifts the warning."""
        return self._published(WarningCancelled, revision=revision, **given)

    def _published(self, kind: type[Any], **given: Any) -> Any:
        lane = self.level.lane if kind is WarningIssued else Lane.URGENT
        content: dict[str, Any] = {
            "mode": self.manifest.mode,
            "lane": lane,
            "warning_id": self.warning_id,
            "at": NOON,
            "notice": self.notice(),
            "selection": self.manifest.selection,
            "cap_xml": "<alert/>",
            "content_sha256": "0" * 64,
            "manifest_sha256": self.manifest.sha256,
            "registry_version": self.manifest.registry_version,
            "approved_at": NOON,
        }
        made: WarningPublished = kind(**{**content, **given})
        return made


def a_halt(warning: AWarning, mode: Mode = Mode.LIVE) -> WarningHalted:
    """Return the message that stops the first revision of a warning."""
    return WarningHalted(
        mode=mode,
        lane=Lane.URGENT,
        warning_id=warning.warning_id,
        revision=1,
        at=NOON,
        by="wang",
        reason="wrong town",
    )


def a_report(request: DeliveryRequested, report: int = 1, **tally: int) -> DeliveryReported:
    """Return a photograph of a delivery: everything queued, unless said otherwise."""
    counts = tally or {"queued": request.size}
    return DeliveryReported(
        mode=request.mode,
        lane=Lane.URGENT,
        warning_id=request.warning_id,
        revision=request.revision,
        channel=request.channel,
        at=NOON,
        delivery_id=request.delivery_id,
        report=report,
        tally={TargetState(state): count for state, count in counts.items()},
    )


def opened_rows(request: DeliveryRequested, crypto: SoftwareCrypto) -> list[list[str]]:
    """Return the rows of a batch, whose hash, seal and size are right."""
    assert request.batch is not None
    sealed = base64.b64decode(request.batch.sealed)
    assert sha256_hex(sealed) == request.batch.sha256
    rows: list[list[str]] = json.loads(
        crypto.unseal(sealed, SealedBatch.context(request.mode, request.delivery_id))
    )
    assert len(rows) == request.batch.size
    return rows


async def forget_said(db: Database) -> None:
    """Empty the outbox, so that a test sees only what comes after."""
    async with db.transaction() as tx:
        await tx.execute(OUTBOX.delete())


def of_kind(messages: Iterable[Message], kind: type[Any]) -> list[Any]:
    """Return the messages of one class."""
    return [message for message in messages if isinstance(message, kind)]


EVERY_WAY = read(ROUTING.ours())


def a_question(selection: AreaSelection = WHOLE, mode: Mode = LIVE, **given: Any) -> Question:
    """Return who would hear of a red rainstorm at noon."""
    ways = {name: given.pop(name) for name in ("channels", "margin_km") if name in given}
    occasion = Occasion(**{"mode": mode, "at": NOON, "level": Level.RED, "hazard": "11B03", **given})
    return Question(
        **{"occasion": occasion, "selection": selection, "channels": ALL, "margin_km": 0.3, **ways}
    )


def drawn_of(
    registry: Registry,
    selection: AreaSelection = WHOLE,
    mode: Mode = LIVE,
    channels: Collection[Channel] = ALL,
    rules: Rules = EVERY_WAY,
    **given: Any,
) -> Drawn:
    """Return the manifest of a selection by these rules, and what belongs to it."""
    question = a_question(selection, mode, channels=channels, **given)
    decided = Decided.of(rules, question.occasion, registry)
    return draw(decided, selection, channels, question.margin_km)
