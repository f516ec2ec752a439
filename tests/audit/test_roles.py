"""Roles: nobody is auditor and operator at once, whatever he asks for; maintenance is for operators."""

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from services.audit import api, desk
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import a_fact

BOTH = "auditor and operator are different people"
OF_MAINTENANCE = {"/api/v1/audit/refile"}
"""What operators may do who are no auditors: it changes no record, and shows none."""

_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
_GIVEN = {"month": "2026-06", "code": "500110001001", "size": "1", "position": "1", "year": "2026"}


@pytest.fixture
async def audit(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as found:
        await found.book.say(a_fact())
        yield found


def routes(routers: Iterable[APIRouter] = (*api.ROUTERS, *desk.ROUTERS)) -> Iterator[tuple[str, str]]:
    """Yield the method and address of everything that can be asked of the audit."""
    for router in routers:
        for route in router.routes:
            if inner := getattr(route, "original_router", None):
                yield from routes([inner])
                continue
            assert isinstance(route, APIRoute)
            address = _PLACE.sub(lambda found: _GIVEN.get(found[1], str(uuid4())), route.path)
            yield from ((method, address) for method in route.methods)


async def answered(audit: Asked, method: str, address: str, role: str) -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {role}"}
    more = {"json": {}} if method != "GET" else {}
    reply = await audit.client.request(method, address, headers=headers, **more)
    return reply.status_code, reply.text


async def test_auditor_and_operator_at_once_is_refused_everywhere(audit: Asked) -> None:
    every = list(routes())
    assert len(every) > 80
    for method, address in every:
        status, text = await answered(audit, method, address, "auditor+operator")
        assert (status, BOTH in text) == (403, True), (method, address)


async def test_an_operator_alone_does_maintenance_and_nothing_else(audit: Asked) -> None:
    for method, address in routes():
        status, _ = await answered(audit, method, address, "operator")
        assert (status == 403) == (address not in OF_MAINTENANCE), (method, address)


async def test_an_auditor_alone_does_no_maintenance(audit: Asked) -> None:
    for address in OF_MAINTENANCE:
        assert (await answered(audit, "POST", address, "auditor"))[0] == 403
