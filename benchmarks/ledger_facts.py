"""The facts of some years: warnings with their stories, and everything that happens between them."""

import base64
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any
from uuid import UUID

import orjson

from benchmarks import batches
from benchmarks.ledger_moulds import SOME_NUMBER, SOME_WARNING, THEN, Calendar, Mould, Said
from benchmarks.ledger_story import ACTORS, REASONS, Teller, people
from contracts.delivery import StationSeen
from contracts.fact import Fact
from contracts.message import Message
from contracts.registry import BLOCK_CONTEXT, BlockChanged
from contracts.values import Lane, Mode
from services.audit.model.entry import Heard
from services.kit.clock import from_microseconds, microseconds
from services.kit.crypto import SoftwareCrypto
from services.registry import intake, seed
from services.registry.model.places import Village

FIRST = datetime(2021, 1, 1, tzinfo=UTC)
YEARS = 5
SECOND = 1_000_000
SMALL_EVERY = 2500
"""For so many facts there is one warning that goes to stations only."""
REACHED = 60
"""So many stations hear of one warning."""
SHA = "7" * 64


@dataclass(frozen=True)
class Size:
    """How much there is to be."""

    facts: int
    recipients: int
    warnings: int

    @property
    def phones(self) -> int:
        """How many people there are, who get every warning that goes to people."""
        return max(1, self.recipients // self.warnings)

    @property
    def stories(self) -> int:
        """How many warnings there are of either kind."""
        return self.warnings + self.facts // SMALL_EVERY

    @property
    def villages(self) -> int:
        """How many of the district's villages take part; all of them when there is enough to say."""
        return max(3, min(381, self.facts // 100))


def warning_id(number: int) -> UUID:
    """Return the name of the warning with a number."""
    return UUID(int=(0xA1 << 120) | (0x4 << 76) | (0x2 << 62) | number)


class Years:
    """Everything that is said in some years, in the order of the stream."""

    def __init__(self, size: Size, crypto: SoftwareCrypto, seed_of_chance: int = 1) -> None:
        self.size = size
        self.crypto = crypto
        self.chance = random.Random(seed_of_chance)
        self.villages = _villages(size.villages)
        self.stations = [code for code, _, _ in self.villages]
        self.teller = Teller(self.stations, people(crypto, size.phones))
        self.reached = min(REACHED, len(self.stations))
        self.blocks = self._blocks()
        self.between = _between()

    def heard(self) -> Iterator[Heard]:
        """Yield the facts as they lie in the stream."""
        calendar = Calendar(microseconds(FIRST))
        for sequence, (subject, payload) in enumerate(self._all(calendar), start=1):
            yield Heard(sequence, calendar.us, calendar.message_id(), subject, payload)

    def _all(self, calendar: Calendar) -> Iterator[Said]:
        stories, told = self.size.stories, 0
        for mould in self.blocks.values():
            yield mould.filled({"at": calendar.on(SECOND), "sha": SHA})
        fillers = max(stories, self.size.facts - self._told() - len(self.blocks))
        step = int(timedelta(days=365 * YEARS).total_seconds() * SECOND) // fillers
        for number in range(fillers):
            while told * fillers <= number * stories and told < stories:
                yield from self._story(told, calendar)
                told += 1
            yield self._filler(number, calendar.on(step))

    def _told(self) -> int:
        small, big = (self.teller.length(self.reached, people=people) for people in (False, True))
        return self.size.warnings * big + (self.size.stories - self.size.warnings) * small

    def _story(self, number: int, calendar: Calendar) -> Iterator[Said]:
        at = from_microseconds(calendar.us)
        on: Callable[[], str] = lambda: calendar.on(SECOND)  # noqa: E731
        big = self.to_people(number)
        return self.teller.tell(warning_id(number), at, on, self.reached, people=big)

    def to_people(self, number: int) -> bool:
        """Tell whether a warning goes to people; those that do are spread over all years."""
        return (number + 1) * self.size.warnings // self.size.stories > (
            number * self.size.warnings // self.size.stories
        )

    def _filler(self, number: int, at: str) -> Said:
        if number % 100 == 99:
            block = self.blocks[self.chance.choice(self.stations)]
            return block.filled({"at": at, "sha": f"{number:064x}"})
        mould = self.chance.choices(self.between.moulds, cum_weights=self.between.weights)[0]
        return mould.filled(
            {
                "at": at,
                "number": str(self.chance.randrange(1, 100_000)),
                "actor": self.chance.choice(ACTORS),
                "station": self.chance.choice(self.stations),
                "gateway": self.chance.choice(batches.GATEWAYS),
                "warning": str(warning_id(self.chance.randrange(self.size.stories))),
                "note": self.chance.choice(REASONS).format(n=number % 190),
            }
        )

    def _blocks(self) -> dict[str, Mould]:
        _, district = batches.known_gateways(self.crypto)
        found = {"district": Mould(district.model_copy(update={"at": THEN, "sha256": SHA}), sha=SHA)}
        for code, name, town in self.villages:
            plain = orjson.dumps({"kind": "village", "code": code, "name": name, "town_code": town})
            sealed = self.crypto.seal(plain, BLOCK_CONTEXT)
            body = base64.b64encode(sealed).decode()
            said = BlockChanged(block=code, sha256=SHA, sealed=body, at=THEN)
            found[code] = Mould(said, sha=SHA)
        return found


def _villages(most: int) -> list[tuple[str, str, str]]:
    """Return code, name and town of the first villages."""
    found = intake.rows_of("villages", seed.DATA / "villages.csv")
    rows = [row for row in found if isinstance(row, Village)]
    return [(row.code, row.name, row.town_code) for row in rows[:most]]


@dataclass(frozen=True)
class Between:
    """What happens between warnings, and how often."""

    moulds: list[Mould]
    weights: list[int]


def _between() -> Between:
    seen = {**_head(), "station": "<station>", "last_sequence": SOME_NUMBER}
    kinds: list[tuple[int, Message]] = [
        *((60, StationSeen(**seen, presence=presence)) for presence in ("online", "suspect", "offline")),
        (60, _fact("audit.queried", source="10.0.0.7", detail={"path": f"/audit/warnings/{SOME_WARNING}"})),
        (50, _fact("session.opened", source="10.0.0.8", detail={"session": f"s-{SOME_NUMBER}"})),
        (40, _fact("session.ended", detail={"session": f"s-{SOME_NUMBER}", "why": "left"})),
        (30, _fact("warning.remarked", warning_id=str(SOME_WARNING), detail={"note": "<note>"})),
        (20, _fact("phone.unmasked", about="<station>", detail={"reason": "<note>"})),
        (20, _fact("key.used", about="<gateway>", detail={"key_id": f"k-{SOME_NUMBER}"})),
        (10, _fact("gateway.away", about="<gateway>", detail={"waiting_s": SOME_NUMBER})),
        (10, _fact("registry.imported", about="recipients", detail={"added": SOME_NUMBER})),
        (10, _fact("rung.climbed", about="<station>", warning_id=str(SOME_WARNING), detail={"rung": 2})),
    ]
    holes = {name: f"<{name}>" for name in ("actor", "station", "gateway", "note")}
    weights = list(accumulate(weight for weight, _ in kinds))
    return Between([Mould(message, **holes) for _, message in kinds], weights)


def _head() -> dict[str, Any]:
    return {"mode": Mode.LIVE, "lane": Lane.ROUTINE, "at": THEN}


def _fact(kind: str, **more: Any) -> Fact:
    return Fact(**_head(), kind=kind, service="bench", actor="<actor>", **more)
