"""What the head of an imported CAP message says: the mode is the safe one, and everything odd is shown."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from services.issuer.store.desk_tables import FOREIGN
from tests.issuer.api_make import Client, a_desk
from tests.issuer.issuer_make import Office
from tests.issuer.test_api_import import a_cap


@pytest.fixture
async def zhang(laptop: Office, tmp_path: Path) -> AsyncIterator[Client]:
    async with a_desk(laptop, tmp_path) as desk:
        yield await desk.person("zhang")


def a_message(
    status: str = "Actual", kind: str = "Alert", identifier: str = "A1", references: str = ""
) -> bytes:
    """Return a message of somebody else whose head says this."""
    document = a_cap().decode()
    document = document.replace("<status>Actual", f"<status>{status}")
    document = document.replace("<msgType>Alert", f"<msgType>{kind}")
    document = document.replace("<identifier>A1", f"<identifier>{identifier}")
    refers = f"<references>{references}</references>" if references else ""
    return document.replace("</scope>", f"</scope>{refers}").encode()


async def imported(zhang: Client, document: bytes, query: str = "") -> tuple[str, dict[str, str]]:
    """Return the mode of the draft that was made, and what was odd, by field."""
    found: dict[str, Any] = await zhang.ask("POST", f"/import{query}", content=document, status=201)
    return found["warning"]["mode"], {odd["field"]: odd["detail"] for odd in found["oddities"]}


async def test_a_warning_in_earnest_is_live_and_its_head_is_not_odd(zhang: Client) -> None:
    mode, odd = await imported(zhang, a_message())
    assert mode == "live"
    assert not {"status", "msgType", "mode"} & odd.keys()


@pytest.mark.parametrize("status", ["Draft", "Exercise", "Test", "System"])
async def test_what_is_not_actual_becomes_a_drill_and_says_so(zhang: Client, status: str) -> None:
    mode, odd = await imported(zhang, a_message(status))
    assert mode == "drill"
    assert odd["status"] == f"is {status}: a drill was made of it"
    mode, odd = await imported(zhang, a_message(status, identifier="A2"), "?mode=live")
    assert mode == "live"
    assert odd["status"] == f"is {status}, and a live draft was made of it"


@pytest.mark.parametrize("kind", ["Cancel", "Ack", "Error"])
async def test_what_warns_of_nothing_becomes_a_drill_and_says_so(zhang: Client, kind: str) -> None:
    mode, odd = await imported(zhang, a_message(kind=kind, references="x,A0,2026-06-11T13:00:00+08:00"))
    assert mode == "drill"
    assert odd["msgType"].startswith(f"is {kind}: it ")
    assert odd["mode"]


@pytest.mark.parametrize(
    ("status", "kind", "ended"),
    [
        ("Actual", "Cancel", True),
        ("Actual", "Update", True),
        ("Actual", "Ack", False),
        ("Actual", "Error", False),
        ("Exercise", "Cancel", False),
        ("Draft", "Update", False),
    ],
)
async def test_only_a_real_end_ends_a_real_warning_of_somebody_else(
    zhang: Client, laptop: Office, status: str, kind: str, ended: bool
) -> None:
    await imported(zhang, a_message())
    await imported(zhang, a_message(status, kind, "A2", "x,A1,2026-06-11T14:00:00+08:00"))
    (first,) = await laptop.db.rows(select(FOREIGN).where(FOREIGN.c.identifier == "A1"))
    assert (first["ended_at"] is not None) is ended


async def test_an_exercise_with_the_name_of_a_real_warning_takes_nothing_from_it(
    zhang: Client, laptop: Office
) -> None:
    await imported(zhang, a_message())
    await imported(zhang, a_message("Exercise"))
    (known,) = await laptop.db.rows(select(FOREIGN))
    assert known["mode"] == "live"
