"""Beat: a drill that goes out by itself, the real road to every station, so that a deaf one is known."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from contracts.values import AreaSelection, Channel, Mode
from services.issuer import store
from services.issuer.actions.drafting import draft
from services.issuer.actions.press import Press
from services.issuer.actions.review import approve, reject, submit
from services.issuer.catalogue import SIGNAL
from services.issuer.model import Person, WeatherWarning, Wish
from services.issuer.model.choices import LeftOut
from services.issuer.model.warning import OPEN
from services.issuer.reach import Reach
from services.kit.db import Database
from services.kit.errors import Problem, Retry
from services.kit.leadership import Leadership
from services.kit.telemetry import log

LEASE = "heartbeat"
LOOK_S = 30.0

WRITER = Person("heartbeat", "Yutian", frozenset({"drafter"}))
CHECKER = Person("heartbeat-check", "Yutian", frozenset({"checker"}))
"""Under these names the program itself writes and checks; nobody signs in by them."""

Towns = Callable[[], Awaitable[Sequence[str]]]
"""Returns the codes of all towns; none while nobody knows them."""


@dataclass(frozen=True)
class Heart:
    """What beating needs, and how often it is done."""

    press: Press
    reach: Reach
    towns: Towns
    every: timedelta


async def run(db: Database, leadership: Leadership, heart: Heart) -> None:
    """Beat for ever, on one replica at a time; never, when it is switched off."""
    if heart.every > timedelta(0):
        await leadership.lead(LEASE, lambda: _beating(db, heart))
    else:
        await asyncio.Event().wait()


async def _beating(db: Database, heart: Heart) -> None:
    while True:
        with contextlib.suppress(Retry):
            await beat(db, heart)
        await asyncio.sleep(LOOK_S)


async def beat(db: Database, heart: Heart) -> WeatherWarning | None:
    """Issue the standing test when it is due; return it, None when it is not due or cannot go out now."""
    async with db.read() as connection:
        last = await store.warnings.newest_by(connection, WRITER.username)
    now = db.clock.now()
    if last is not None and last.state in OPEN:
        await reject(db, heart.press, last.warning_id, WRITER, "it did not go out")
    elif last is not None and now < last.created_at + heart.every:
        return None
    towns = await heart.towns()
    return await _issue(db, heart, towns, now) if towns else None


async def _issue(db: Database, heart: Heart, towns: Sequence[str], now: datetime) -> WeatherWarning | None:
    press = heart.press
    wish, signature = _wish(heart, towns, now), press.signature
    # A router that is away puts it off before anything is begun.
    await heart.reach.preview(Mode.DRILL, AreaSelection(towns=tuple(sorted(towns))), pin=False)
    begun = await draft(
        db, press.catalogue, heart.reach, mode=Mode.DRILL, wish=wish, by=WRITER, signature=signature
    )
    try:
        review = await submit(db, press, heart.reach, begun.warning_id, WRITER)
        assert review.manifest is not None, "what is in review has its target list"
        return await approve(
            db,
            press,
            begun.warning_id,
            CHECKER,
            content_sha256=review.content_sha256,
            manifest_sha256=review.manifest.sha256,
        )
    except Problem as problem:
        log.warning("the standing test did not go out", why=problem.why)
        await reject(db, press, begun.warning_id, WRITER, "it did not go out")
        async with db.transaction() as tx:
            tx.record("heartbeat.skipped", mode=Mode.DRILL, warning_id=begun.warning_id, why=problem.why)
        return None


def _wish(heart: Heart, towns: Sequence[str], now: datetime) -> Wish:
    catalogue = heart.press.catalogue
    said, product = catalogue.heartbeat, catalogue.products.get(SIGNAL)
    kept = {Channel.STATION, *product.fixed}
    return Wish(
        hazard=said.hazard,
        level=said.level,
        selection=AreaSelection(towns=tuple(sorted(towns))),
        expires=now + timedelta(minutes=said.holds_min),
        text=said.text,
        text_en=said.text_en,
        left_out=tuple(LeftOut(channel=way, reason=said.why) for way in product.ways if way not in kept),
    )
