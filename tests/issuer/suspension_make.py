"""Departments and what they are asked, for the tests of suspensions."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.values import AreaSelection, Level, Mode
from services.issuer import store
from services.issuer.actions import consenting, granting
from services.issuer.actions.departments import set_department
from services.issuer.model import Person, WeatherWarning
from services.issuer.model.suspension import Grant, Order, SuspensionProposal
from tests.issuer.issuer_make import NOW, Office, an_account

LUO = Person("luo", "罗兰", frozenset({"department", "department:education"}))
ZHOU = Person("zhou", "周敏", frozenset({"department", "department:emergency"}))
GANSHUI, DATONG, SHIHAO = "500110110", "500110111", "500110112"


async def staffed(office: Office) -> Office:
    """Return the office with an account of each department."""
    async with office.db.transaction() as tx:
        for one in (LUO, ZHOU):
            await store.people.keep(tx, an_account(one.username, one.name, "x", "department"))
    await set_department(office.db, office.catalogue, "luo", "education", "qian")
    await set_department(office.db, office.catalogue, "zhou", "emergency", "qian")
    return office


async def red(office: Office, **wish: Any) -> WeatherWarning:
    """Return a red rainstorm in force."""
    return await office.issued(**{"level": Level.RED, **wish})


async def proposals(office: Office, **only: Any) -> list[SuspensionProposal]:
    """Return the proposals that are as said, by sector."""
    async with office.db.read() as connection:
        found = await store.suspensions.listed(connection)
    named = [(one, {**vars(one), "sector": one.terms.sector}) for one in found]
    fitting = [one for one, values in named if all(values[k] == v for k, v in only.items())]
    return sorted(fitting, key=lambda one: (one.terms.sector, one.at))


async def proposal(office: Office, **only: Any) -> SuspensionProposal:
    """Return the one proposal that is as said."""
    (found,) = await proposals(office, **only)
    return found


async def granted(office: Office, by: Person = LUO, **more: Any) -> Grant:
    """Return what a department has allowed beforehand."""
    terms = {"mode": Mode.LIVE, "rule": "rain-schools", "until": NOW + timedelta(days=30)}
    return await granting.grant(office.db, office.catalogue, office.reach, by, **{**terms, **more})


async def confirm(
    office: Office, asked: SuspensionProposal, by: Person = LUO, towns: Sequence[str] | None = None
) -> WeatherWarning:
    """Say yes to a proposal."""
    seen = asked.terms.towns if towns is None else towns
    return await consenting.confirm(office.db, office.press, office.reach, asked.proposal_id, by, towns=seen)


async def orders(office: Office, mode: Mode = Mode.LIVE) -> list[Order]:
    """Return the suspensions in force or under way."""
    async with office.db.read() as connection:
        codes = {sector.code for sector in office.catalogue.suspension.sectors.values()}
        return await store.suspensions.orders(connection, mode, codes, office.clock.now())


async def acts(office: Office, warning_id: UUID) -> list[str]:
    """Return the story of a warning, as far as it is about suspensions."""
    async with office.db.read() as connection:
        story = await store.events.of_warning(connection, warning_id)
    return [event.act for event in story if event.act.startswith("suspension")]


def there(*towns: str) -> AreaSelection:
    """Return a selection of towns."""
    return AreaSelection(towns=towns)
