"""What the issuer has issued and the ledger has never heard of is a difference, whoever lost it."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from services.audit.actions.reconcile import Reconciled, Sources, of_warning
from services.audit.actions.stretches import everything
from services.audit.issuer import HttpIssuer, Issued
from services.audit.stream import LedgerStream
from services.kit.errors import NotFound, Retry
from tests.audit.audit_make import NOON, AWarning
from tests.audit.ledger_make import a_bus, a_crypto, a_database, publish, recording, until
from tests.clock import HandClock

GRACE = timedelta(seconds=60)


class Book:
    """An issuer that has issued this, or that is away."""

    def __init__(self, *issued: Issued, away: bool = False) -> None:
        self.known = issued
        self.away = away

    async def issued(self, only: str | None = None) -> AsyncIterator[Issued]:
        """Yield it."""
        if self.away:
            raise Retry("the issuer does not answer")
        for one in self.known:
            if only in (None, one.warning_id):
                yield one

    async def page(self, after: str = "", since: datetime | None = None) -> tuple[list[Issued], str]:
        """Return one of it after the other."""
        if self.away:
            raise Retry("the issuer does not answer")
        number = int(after or 0)
        more = str(number + 1) if number + 1 < len(self.known) else ""
        return list(self.known[number : number + 1]), more


async def test_an_issued_warning_whose_message_never_came_is_named(
    database_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    clock = HandClock(NOON)
    async with a_database(database_url, clock) as db, a_bus(clean_nats_url, tmp_path) as bus:
        stream = LedgerStream(bus)
        clock.at = (await stream.life()).created_at
        heard, lost = AWarning(at=clock.at), AWarning(at=clock.at)
        async with recording(db, bus, a_crypto(tmp_path)):
            await publish(bus, *heard.whole())
            await until(db, len(heard.whole()))
        issued = [Issued(str(one.warning_id), 1, clock.at) for one in (heard, lost)]

        async def asked(book: Book, only: str | None = None) -> Reconciled:
            sources = Sources(db, stream, GRACE, book)
            return await (of_warning(sources, only) if only else everything(sources))

        young = await asked(Book(*issued))
        assert "issued-unheard" not in {found.what for found in young.differences}
        clock.move(minutes=5)
        one = (str(lost.warning_id), 1)
        for only in (None, str(lost.warning_id)):
            late = await asked(Book(*issued), only)
            unheard = [found for found in late.differences if found.what == "issued-unheard"]
            assert [(found.warning_id, found.revision) for found in unheard] == [one]
            assert not late.adds_up
        silent = await asked(Book(away=True))
        assert "issuer-silent" in {found.what for found in silent.differences}
        with pytest.raises(NotFound):
            await asked(Book(), str(lost.warning_id))


async def test_the_issuer_is_asked_page_by_page_with_our_own_key() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        at = {"mode": "live", "approved_at": "2026-06-11T14:05:00+08:00"}
        last = "after" in request.url.params
        body = {"data": [{"warning_id": "b" if last else "a", "revision": 1, **at}]}
        return httpx.Response(200, json={**body, "has_more": not last, "next": None if last else "a/1"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        found = [one async for one in HttpIssuer(http, "http://issuer", "key").issued("w")]
    assert [one.warning_id for one in found] == ["a", "b"]
    assert [request.url.params["warning"] for request in asked] == ["w", "w"]
    assert {request.headers["authorization"] for request in asked} == {"Bearer key"}


@pytest.mark.parametrize("reply", [httpx.Response(503), httpx.Response(200, text="<html>"), None])
async def test_an_issuer_that_answers_nothing_of_use_is_silent(reply: httpx.Response | None) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if reply is None:
            raise httpx.ConnectError("gone", request=request)
        return reply

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        with pytest.raises(Retry):
            [one async for one in HttpIssuer(http, "http://issuer", "key").issued()]
