"""Halts, expiries, and what is said again, on both databases."""

from datetime import timedelta
from uuid import uuid4

import pytest

from contracts.values import Lane
from contracts.warning import WarningExpired, WarningHalted, WarningIssued
from services.issuer import actions
from services.issuer.model import State
from services.kit.errors import NotFound, Refused
from tests.issuer.issuer_make import ZHANG, Office, leading


async def test_one_person_halts_at_once(office: Office) -> None:
    issued = await office.issued()
    halted = await actions.halt(office.db, office.catalogue, issued.warning_id, ZHANG, "wrong area")
    assert halted.review_due == office.clock.now() + timedelta(hours=24)
    (message,) = await office.said(WarningHalted)
    assert (message.revision, message.lane, message.reason) == (1, Lane.URGENT, "wrong area")
    with pytest.raises(Refused):
        await actions.halt(office.db, office.catalogue, issued.warning_id, ZHANG, "again")
    await office.lifted(issued.warning_id)
    assert await office.states(issued.warning_id) == [State.CANCELLED, State.ISSUED]


async def test_what_is_not_there_is_not_halted(laptop: Office) -> None:
    draft = await laptop.drafted()
    with pytest.raises(Refused, match="not in force"):
        await actions.halt(laptop.db, laptop.catalogue, draft.warning_id, ZHANG, "why")
    with pytest.raises(NotFound):
        await actions.halt(laptop.db, laptop.catalogue, uuid4(), ZHANG, "why")


async def test_a_warning_expires_once_and_says_so(office: Office) -> None:
    issued = await office.issued()
    leadership = await leading(office)
    assert await actions.expire_due(office.db, leadership, office.catalogue) == 0
    office.clock.at = issued.content.expires
    assert await actions.expire_due(office.db, leadership, office.catalogue) == 1
    assert await actions.expire_due(office.db, leadership, office.catalogue) == 0
    (message,) = await office.said(WarningExpired)
    assert (message.warning_id, message.revision) == (issued.warning_id, 1)
    assert await office.states(issued.warning_id) == [State.EXPIRED]


async def test_what_nobody_planned_is_said_again_ever_more_rarely(office: Office) -> None:
    await office.issued()
    leadership = await leading(office)
    told = []
    for _ in range(75):
        office.clock.move(seconds=1)
        told.append(await actions.retell_due(office.db, leadership))
    assert [second + 1 for second, count in enumerate(told) if count] == [10, 30, 70]
    first, *more = await office.said(WarningIssued)
    assert all(again.model_copy(update={"at": first.at}) == first for again in more)
