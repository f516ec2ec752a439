"""Forbidden moves: every (standing, verb, role) that the table of people lacks is refused over HTTP."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contracts.values import Level
from services.issuer import actions, store
from services.issuer.actions.alongside import alongside
from services.issuer.catalogue import LIFTED, Authority, Role, Verb, Who, load
from services.issuer.model import Beside, State, WeatherWarning
from services.issuer.store.tables import APPROVALS, EVENTS, WARNINGS
from services.kit.outbox import OUTBOX
from tests.issuer.api_make import Client, Desk, a_desk
from tests.issuer.app_make import password_hash
from tests.issuer.issuer_make import LI, NOW, ZHANG, Office, an_account
from tests.issuer.reach_make import a_manifest

LEVELS = (Level.BLUE, Level.ORANGE, Level.RED)
STANDINGS = (*map(str, State), LIFTED)
AUTHOR = "author"
PEOPLE = (AUTHOR, *map(str, Role))
"""An account with each role alone, and the drafter who wrote the revision."""

AUTHORITY: Authority = load().authority
Move = tuple[str, Verb, str]


def approvers(level: Level, standing: str) -> frozenset[str]:
    """Return the roles that may approve, read from the data and not by the code under test."""
    deeds: Mapping[Any, Any] = AUTHORITY.products["signal"][level]
    return frozenset(role for step in deeds["lift" if standing == LIFTED else "issue"] for role in step.roles)


def in_the_table(level: Level, standing: str, verb: Verb, who: str) -> bool:
    """Tell whether the table of people lets somebody do this."""
    rule = AUTHORITY.acts[verb]
    is_one = {
        Who.DESK: (Role.DRAFTER if who == AUTHOR else who) in AUTHORITY.desk_roles,
        Who.HALTER: (Role.DRAFTER if who == AUTHOR else who) in AUTHORITY.halt.roles,
        Who.AUTHOR: who == AUTHOR,
        Who.APPROVER: who in approvers(level, standing),
    }
    in_turn = verb is not Verb.APPROVE or first_in_turn(level, who)
    return standing in rule.where and in_turn and any(is_one[one] for one in rule.by)


def first_in_turn(level: Level, who: str) -> bool:
    """Tell whether the first of the approvals may be this role's."""
    first = AUTHORITY.products["signal"][level]["issue"][0]  # type: ignore[index]
    return who in first.roles


ALLOWED = {
    level: [m for m in product(STANDINGS, Verb, PEOPLE) if in_the_table(level, *m)] for level in LEVELS
}
FORBIDDEN = {
    level: [m for m in product(STANDINGS, Verb, PEOPLE) if m not in ALLOWED[level]] for level in LEVELS
}


class Town(Desk):
    """A desk with one account for each role, and a revision wherever a test wants it."""

    originals: dict[str, WeatherWarning]

    async def prepare(self, level: Level) -> None:
        """Open the accounts, and make one revision of each standing by the honest way or by hand."""
        async with self.office.db.transaction() as tx:
            for role in Role:
                await store.people.keep(tx, an_account(f"a-{role}", str(role), password_hash(), str(role)))
        office = self.office
        issued = await office.issued(level=level)
        base = replace(issued, published=None, approvals=(), planned_at=None)
        lift = actions.revising.lifting(office.catalogue, issued, NOW)
        made = {state: replace(issued, state=State(state)) for state in map(str, State)}
        made["draft"] = replace(base, state=State.DRAFT, manifest=None, submitted_at=None)
        made["review"] = replace(base, state=State.REVIEW)
        made["rejected"] = replace(base, state=State.REJECTED)
        made[LIFTED] = replace(issued, content=lift, content_sha256=lift.sha256)
        self.originals = made
        self.count = 0

    async def at(self, standing: str) -> WeatherWarning:
        """Store another revision that stands where it is wanted."""
        self.count += 1
        original = self.originals[standing]
        published = original.published
        if published is not None:
            name = f"50011041600000_20260101{self.count:06}_0"
            notice = published.notice.model_copy(update={"identifier": name})
            published = replace(published, notice=notice)
        if standing in ("draft", "review"):
            original = await self._among_others(original)
        warning_id = original.warning_id.int + self.count
        copy = replace(original, warning_id=type(original.warning_id)(int=warning_id), published=published)
        async with self.office.db.transaction() as tx:
            await store.changes.insert(tx, copy)
        return copy

    async def _among_others(self, draft: WeatherWarning) -> WeatherWarning:
        """Return a draft that says of all others in force that they stay."""
        content, towns = draft.content, draft.content.selection.towns
        others = await alongside(self.office.db, content.mode, content.hazard, towns)
        beside = tuple(Beside(reference=one.reference, reason="both are needed") for one in others)
        content = content.model_copy(update={"beside": beside})
        return replace(draft, content=content, content_sha256=content.sha256)

    async def who(self, name: str) -> Client:
        """Return somebody: the author, or the account that has a role."""
        return await self.person("zhang" if name == AUTHOR else f"a-{name}")

    async def tries(self, verb: Verb, who: str, warning: WeatherWarning) -> int:
        """Return the status with which a verb is answered."""
        client = await self.who(who)
        path = f"/api/v1/warnings/{warning.warning_id}"
        headers = {**client.headers, "If-Match": f'"{warning.version}"'}
        body: dict[str, Any] | None = None
        match verb:
            case Verb.EDIT:
                reply = await self.http.patch(path, json={"observed": "雨已下"}, headers=headers)
                return reply.status_code
            case Verb.APPROVE:
                manifest = warning.manifest or a_manifest()
                body = {"content_sha256": warning.content_sha256, "manifest_sha256": manifest.sha256}
            case Verb.RETURN | Verb.REJECT | Verb.HALT:
                body = {"reason": "because"}
        reply = await self.http.post(f"{path}/{verb}", json=body, headers=client.headers)
        return reply.status_code

    async def rows(self) -> list[Any]:
        """Return everything that a move could change."""
        tables = (WARNINGS, APPROVALS, EVENTS, OUTBOX)
        found = [await self.office.db.rows(select(table)) for table in tables]
        return [sorted(map(repr, rows)) for rows in found]


@asynccontextmanager
async def a_town(office: Office, folder: Path, level: Level) -> AsyncIterator[Town]:
    async with a_desk(office, folder) as desk:
        town = Town(desk.office, desk.app, desk.http)
        await town.prepare(level)
        yield town


def test_the_table_forbids_far_more_than_it_allows() -> None:
    every = len(STANDINGS) * len(Verb) * len(PEOPLE)
    for level in LEVELS:
        assert len(ALLOWED[level]) + len(FORBIDDEN[level]) == every
        assert 20 < len(ALLOWED[level]) < every / 8
    assert (AUTHOR, Verb.APPROVE) not in {(who, verb) for _, verb, who in ALLOWED[Level.RED]}


@pytest.mark.parametrize("level", LEVELS)
async def test_every_move_that_is_not_in_the_table_is_refused(
    office: Office, tmp_path: Path, level: Level
) -> None:
    async with a_town(office, tmp_path, level) as town:
        standing = {where: await town.at(where) for where in STANDINGS}
        for who in PEOPLE:
            await town.who(who)
        before = await town.rows()
        answers = {(w, v, p): await town.tries(v, p, standing[w]) for w, v, p in FORBIDDEN[level]}
        assert {move: status for move, status in answers.items() if status not in {403, 409}} == {}
        assert await town.rows() == before


@pytest.mark.parametrize("level", LEVELS)
async def test_every_move_in_the_table_succeeds(office: Office, tmp_path: Path, level: Level) -> None:
    async with a_town(office, tmp_path, level) as town:
        answers = {(w, v, p): await town.tries(v, p, await town.at(w)) for w, v, p in ALLOWED[level]}
        assert {move: status for move, status in answers.items() if status not in {200, 201}} == {}


async def test_nobody_without_a_session_moves_anything(laptop: Office, tmp_path: Path) -> None:
    async with a_town(laptop, tmp_path, Level.ORANGE) as town:
        for where, verb in product(STANDINGS, Verb):
            warning = await town.at(where)
            path = f"/api/v1/warnings/{warning.warning_id}"
            method, path = ("PATCH", path) if verb is Verb.EDIT else ("POST", f"{path}/{verb}")
            assert (await town.http.request(method, path, json={})).status_code == 401


async def test_the_second_approval_of_a_red_warning_is_a_signers(office: Office, tmp_path: Path) -> None:
    async with a_town(office, tmp_path, Level.RED) as town:
        for who in PEOPLE:
            warning = await town.at("review")
            first = await office.approve(await office.get(warning.warning_id), LI)
            status = await town.tries(Verb.APPROVE, who, first)
            expected = {Role.SIGNER: 200, AUTHOR: 409}
            assert status == expected.get(who, 403), who
        assert ZHANG.username in warning.authors
