"""Two hundred approvals of one draft at once, through two replicas: one issue, one message."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contracts.values import Level
from contracts.warning import WarningPublished
from services.issuer import store
from services.issuer.store.tables import APPROVALS
from services.kit.xmlsig import CapSigner
from tests.issuer.api_make import DRAFT, Desk, a_desk
from tests.issuer.app_make import password_hash
from tests.issuer.issuer_make import Office, an_account, an_office

CROWD = 200


async def signers(desk: Desk) -> list[str]:
    """Open an account for each of the crowd."""
    names = [f"signer{number}" for number in range(CROWD)]
    async with desk.office.db.transaction() as tx:
        for name in names:
            await store.people.keep(tx, an_account(name, f"签发{name}", password_hash(), "signer"))
    return names


async def in_review(desk: Desk, level: Level) -> dict[str, Any]:
    """Return a warning that waits for its last approval."""
    zhang, li = await desk.person("zhang"), await desk.person("li")
    made = await zhang.ask("POST", "/warnings", json={**DRAFT, "level": level}, status=201)
    review = await zhang.ask("POST", f"/warnings/{made['warning_id']}/submit")
    found: dict[str, Any] = await li.approve(review) if level is Level.RED else review
    return found


@pytest.mark.parametrize("level", [Level.ORANGE, Level.RED])
async def test_a_crowd_of_approvals_issues_once(
    database_url: str, signer: CapSigner, tmp_path: Path, level: Level
) -> None:
    async with AsyncExitStack() as stack:
        replicas = [await stack.enter_async_context(an_office(database_url, signer))]
        if "postgres" in database_url:
            replicas.append(await stack.enter_async_context(an_office(database_url, signer)))
        desks = [await stack.enter_async_context(a_desk(one, tmp_path)) for one in replicas]
        names = await signers(desks[0])
        review = await in_review(desks[0], level)
        clients = [await desks[n % len(desks)].person(name) for n, name in enumerate(names)]
        body = {k: review[k] for k in ("content_sha256", "manifest_sha256")}
        path = f"/api/v1/warnings/{review['warning_id']}/approve"
        replies = await asyncio.gather(*(c.http.post(path, json=body, headers=c.headers) for c in clients))
        statuses = Counter(reply.status_code for reply in replies)
        assert statuses.pop(200) == 1
        assert statuses.keys() <= {409, 503}
        await issued_once(replicas[0], 2 if level is Level.RED else 1)


async def test_one_signer_who_presses_two_hundred_times_approves_once(office: Office, tmp_path: Path) -> None:
    async with a_desk(office, tmp_path) as desk:
        review = await in_review(desk, Level.ORANGE)
        wang = await desk.person("wang")
        body = {k: review[k] for k in ("content_sha256", "manifest_sha256")}
        path = f"/api/v1/warnings/{review['warning_id']}/approve"
        press = (desk.http.post(path, json=body, headers=wang.headers) for _ in range(CROWD))
        statuses = Counter(reply.status_code for reply in await asyncio.gather(*press))
        assert statuses.pop(200) == 1
        assert statuses.keys() <= {409, 503}
        await issued_once(office, 1)


async def issued_once(office: Office, approvals: int) -> None:
    """Check that one revision is out, said once, with as many approvals as it needs."""
    assert len(await office.said(WarningPublished)) == 1
    assert len(await office.db.rows(select(APPROVALS))) == approvals
