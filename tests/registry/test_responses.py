"""Departments say for themselves what they do about warnings: facts, in an order that goes one way."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

from contracts.values import Mode
from contracts.warning import (
    WarningCancelled,
    WarningExpired,
    WarningHalted,
    WarningIssued,
    WarningMessage,
    WarningUpdated,
)
from services.kit.db import Database
from services.registry import actions, store
from services.registry.model import Department
from services.registry.model.people import RESPONSES, Act
from tests.registry.http_make import by
from tests.registry.import_make import a_place
from tests.registry.test_edit import API, Place, place

__all__ = ["place"]

SAMPLES = Path(__file__).parents[2] / "contracts" / "samples"
ISSUED = WarningIssued.from_bytes((SAMPLES / "warning.v1.issued.json").read_bytes())
WAYS: dict[str | None, tuple[Act, ...]] = {
    None: (),
    "received": ("received",),
    "started": ("started",),
    "ended": ("started", "ended"),
}


def a_message(
    of: type[WarningMessage], revision: int, warning_id: UUID, mode: Mode = Mode.LIVE
) -> WarningMessage:
    """Return what is said of a revision."""
    fields = {**ISSUED.model_dump(), "revision": revision, "warning_id": warning_id, "mode": mode}
    if of is WarningHalted:
        fields |= {"by": "li", "reason": "写错了"}
    return of.model_validate({name: fields[name] for name in of.model_fields if name in fields})


async def announced(db: Database, *messages: WarningMessage) -> None:
    for message in messages:
        async with db.transaction() as tx:
            expires = {"expires": tx.now + timedelta(hours=6)}
            if isinstance(message, WarningIssued):
                notice = message.notice.model_copy(update=expires)
                message = message.model_copy(update={"notice": notice})
            await actions.note_warning(tx, message)


async def one(place: Place, mode: Mode = Mode.LIVE) -> str:
    """Return the number of a warning that the registry has heard of."""
    warning = uuid4()
    await announced(place.db, a_message(WarningIssued, 1, warning, mode))
    return str(warning)


@pytest.mark.parametrize("before", [None, "received", "started", "ended"])
@pytest.mark.parametrize("act", ["received", "started", "ended"])
@pytest.mark.parametrize("who", ["zhang", "he"])
async def test_a_department_says_what_follows_and_nothing_else(
    place: Place, before: str | None, act: str, who: str
) -> None:
    path, warning = f"{API}/departments/water/responses", await one(place)
    for word in WAYS[before]:
        said = {"warning_id": warning, "act": word, "note": "一"}
        assert (await place.http.post(path, json=said, headers=by(who))).status_code == 201
    (open_,) = (await place.http.get(f"{API}/warnings", headers=by("he"))).json()
    assert (act in open_["next"]) == (act in RESPONSES[before])
    word = {"warning_id": warning, "act": act, "note": "四人到岗"}
    answer = await place.http.post(path, json=word, headers=by(who))
    assert answer.status_code == (201 if act in RESPONSES[before] else 409)
    if answer.status_code == 201:
        fact = (await place.facts("department.responded"))[-1]
        assert (fact.about, fact.actor, fact.warning_id) == ("water", who, warning)
        assert (fact.detail["act"], fact.detail["note"]) == (act, "四人到岗")
        listed = (await place.http.get(f"{API}/responses?warning_id={warning}", headers=by(who))).json()
        assert {row["act"] for row in listed} == {*WAYS[before], act}


async def test_a_department_speaks_for_itself_alone(place: Place) -> None:
    land = Department(code="land", name="规划")
    await actions.take_in(place.db, place.crypto, "departments", [land], by="seed")
    warning = await one(place)
    said = {"warning_id": warning, "act": "received"}
    other = f"{API}/departments/land/responses"
    assert (await place.http.post(other, json=said, headers=by("he"))).status_code == 403
    assert (await place.http.post(other, json=said, headers=by("nobody"))).status_code == 403
    assert (await place.http.post(other, json=said, headers=by("zhao"))).status_code == 403
    assert (await place.http.post(other, json=said, headers=by("zhang"))).status_code == 201
    mine = await place.http.get(f"{API}/responses?warning_id={warning}", headers=by("he"))
    assert (mine.json(), len(await place.facts("department.responded"))) == ([], 1)
    assert (await place.http.get(f"{API}/recipients", headers=by("he"))).status_code == 403


@pytest.mark.parametrize(
    ("said", "status", "word"),
    [
        ({"warning_id": str(uuid4()), "act": "received"}, 404, "try again in a moment"),
        ({"act": "ended"}, 422, "how it ended"),
        ({"act": "received", "mode": "drill"}, 422, "this warning is live"),
        ({"act": "received", "note": "长" * 301}, 422, "note"),
        ({"act": "elephant"}, 422, "act"),
    ],
)
async def test_a_word_that_does_not_fit_is_refused_and_leaves_nothing(
    place: Place, said: dict[str, Any], status: int, word: str
) -> None:
    body = {"warning_id": await one(place), **said}
    answer = await place.http.post(f"{API}/departments/water/responses", json=body, headers=by("he"))
    assert (answer.status_code, word in answer.text) == (status, True), answer.text
    assert await place.facts("department.responded") == []


async def test_the_page_says_it_and_shows_it(place: Place) -> None:
    warning = await one(place, Mode.DRILL)
    form = {"warning_id": warning, "act": "started", "note": "四人到岗"}
    shown = await place.http.get("/registry/responses", headers=by("he", page=True))
    assert ("演练" in shown.text, 'value="started"' in shown.text, "水利局" in shown.text) == (
        True,
        True,
        True,
    )
    done = await place.http.post("/registry/responses", data=form, headers=by("he", page=True))
    assert done.status_code == 303
    again = await place.http.post("/registry/responses", data=form, headers=by("he", page=True))
    assert again.status_code == 409
    assert "四人到岗" in again.text
    (fact,) = await place.facts("department.responded")
    assert (fact.mode, fact.actor) == (Mode.DRILL, "he")
    taken = {**form, "department": "water", "act": "ended"}
    assert (
        await place.http.post("/registry/responses", data=taken, headers=by("qian", page=True))
    ).status_code == 303
    nobody = await place.http.get("/registry/responses", headers=by("nobody", page=True))
    assert nobody.status_code == 403


async def test_of_two_hands_at_once_one_writes_the_word(database_url: str, tmp_path: Path) -> None:
    async with a_place(database_url, tmp_path) as (db, crypto):
        await actions.take_in(db, crypto, "departments", [Department(code="water", name="水利局")], by="seed")
        warning = uuid4()
        await announced(db, a_message(WarningIssued, 1, warning))
        both = [actions.respond(db, "water", warning, "received", "", by=name) for name in ("he", "zhang")]
        done = await asyncio.gather(*both, return_exceptions=True)
        assert sorted(type(one).__name__ for one in done) == ["NoneType", "Refused"]


STORIES: dict[str, tuple[Sequence[tuple[type[WarningMessage], int]], tuple[int, int]]] = {
    "issued": ([(WarningIssued, 1)], (1, 0)),
    "updated and lifted": ([(WarningIssued, 1), (WarningUpdated, 2), (WarningCancelled, 3)], (3, 3)),
    "updated": ([(WarningIssued, 1), (WarningUpdated, 2)], (2, 1)),
    "halted": ([(WarningIssued, 1), (WarningHalted, 1)], (1, 1)),
    "run out": ([(WarningIssued, 1), (WarningUpdated, 2), (WarningExpired, 2)], (2, 2)),
}


@pytest.mark.parametrize("name", STORIES)
async def test_whatever_is_heard_first_the_same_stands_in_the_end(
    database_url: str, tmp_path: Path, name: str
) -> None:
    told, wanted = STORIES[name]
    warning = uuid4()
    async with a_place(database_url, tmp_path) as (db, _):
        for order in permutations(told):
            await announced(db, *(a_message(of, revision, warning) for of, revision in order))
            (row,) = await actions.to_answer(db, None)
            assert (row["revision"], row["ended"], row["headline"]) == (*wanted, ISSUED.notice.text.headline)
            async with db.transaction() as tx:
                await tx.execute(delete(store.WARNINGS))
