"""For the tests of towns' notes: a reach that draws as the router does, and what a town sends."""

from collections.abc import Collection
from dataclasses import dataclass, field
from uuid import UUID

from contracts.registry import StationEntry
from contracts.values import AreaSelection, Channel, HazardCode, Level, Mode, StationClass
from services.issuer import store
from services.issuer.actions import noting
from services.issuer.actions.noting import Ask
from services.issuer.model import Person, WeatherWarning
from services.issuer.model.note import Note
from services.issuer.reach import Reached
from services.kit.ids import uuid7
from services.router.actions.preview import Question
from services.router.actions.rulebook import ROUTING
from services.router.api.views import preview_view
from services.router.model.manifest import PLANNED, draw
from services.router.model.registry import Registry
from services.router.model.routing import Decided, Occasion
from services.router.model.rules import read
from tests.issuer.issuer_make import NOW, Office
from tests.router.registry_make import TOWNS, a_district, a_registry, a_village

RULES = read(ROUTING.ours())
OWN, NEXT = TOWNS[1], TOWNS[2]
ZHAO = Person("zhao", "赵静", frozenset({"town-desk"}))
WORDS = "转移点：镇中心小学；赶安路K3塌方，请绕行。"
BOTH = AreaSelection(towns=(OWN, NEXT))


def with_a_school() -> Registry:
    """Return four towns of three villages; a school in one village has a station of its own code."""
    blocks = a_district()
    code = f"{OWN}202"
    stations = [
        StationEntry(code=one, name=one, station_class=StationClass.TERMINAL) for one in (code, "school7")
    ]
    blocks[code] = a_village(code, OWN, 1, 1, stations=tuple(stations))
    return a_registry(blocks)


@dataclass
class DrawnReach:
    """A router in this process: it draws from a registry, and counts what it pinned."""

    registry: Registry = field(default_factory=with_a_school)
    pinned: list[str] = field(default_factory=list)

    async def preview(
        self,
        mode: Mode,
        selection: AreaSelection,
        *,
        pin: bool,
        channels: Collection[Channel] | None = None,
        level: Level | None = None,
        hazard: HazardCode | None = None,
        strictly: bool = False,
    ) -> Reached:
        """Return whom a selection reaches."""
        question = Question(Occasion(mode, NOW, level, hazard, strictly), selection, channels or PLANNED, 0.0)
        decided = Decided.of(RULES, question.occasion, self.registry)
        drawn = draw(decided, selection, question.channels, question.margin_km)
        if pin:
            self.pinned.append(drawn.manifest.sha256)
        answer = preview_view(drawn, question, pinned=pin, faults=()).model_dump(mode="json")
        names = tuple(town["name"] for town in answer["towns"])
        return Reached(drawn.manifest, names, names_en=names, answer=answer)


def an_ask(warning: WeatherWarning, *villages: str, town: str = OWN, words: str = WORDS) -> Ask:
    """Return what a town's desk asks for."""
    return Ask(warning.warning_id, town, words, villages)


async def added(
    office: Office,
    warning: WeatherWarning,
    *villages: str,
    town: str = OWN,
    words: str = WORDS,
    note_id: UUID | None = None,
) -> Note:
    """Send a note of a town."""
    ask = an_ask(warning, *villages, town=town, words=words)
    return await noting.send(office.db, office.press, office.reach, ask, note_id or uuid7(), ZHAO)


async def standing_notes(office: Office, warning: WeatherWarning) -> list[WeatherWarning]:
    """Return the notes in force beside a warning."""
    async with office.db.read() as connection:
        return await store.notes.in_force(connection, warning.warning_id)
