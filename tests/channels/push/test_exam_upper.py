"""The adapter to the 12379 platform takes the exam; its folder is reached by a way that a test can spoil."""

import asyncio
import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from lxml import etree

from contracts import cap
from contracts.canonical import sha256_hex
from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Mode, Withdrawal
from sandbox import upper
from services.channels.push.adapter import Adapter, Unwell
from services.channels.push.calling import Line
from services.channels.push.model import Stage
from services.channels.push.store.serials import Serials
from services.channels.push.upper.adapter import LATE_S, Upper
from services.channels.push.upper.parcel import parcel
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.channels.exam import BAD_ANSWERS, Candidate, Exam, Network, after_acting, answering
from tests.channels.push.push_make import PushHouse, a_notice, only
from tests.clock import HandClock

PASSWORD = "password-of-the-exam"
NAME = "/name/"
PATIENCE = timedelta(minutes=10)
MSG_TYPES = {
    Action.START: cap.MsgType.ALERT,
    Action.REPLACE: cap.MsgType.UPDATE,
    Action.STOP: cap.MsgType.CANCEL,
}


class OverHttp:
    """The folder of the sandbox, by HTTP: whatever is odd in an answer is no answer."""

    def __init__(self, line: Line) -> None:
        self.line = line

    async def put(self, path: str, content: bytes) -> None:
        await self._told("PUT", f"/put/{path}", "put", content=content)

    async def rename(self, path: str, to: str) -> bool:
        return bool(await self._told("POST", f"{NAME}{path}", "named", params={"to": to}))

    async def has(self, path: str) -> bool:
        return bool(await self._told("GET", f"/has/{path}", "has"))

    async def read(self, path: str, most: int) -> bytes | None:
        reply = await self._ask("GET", f"/file/{path}", understood={404})
        return None if reply.status == 404 else reply.content[: most + 1]

    async def remove(self, path: str) -> bool:
        return bool(await self._told("DELETE", f"/file/{path}", "removed"))

    async def _told(self, method: str, path: str, name: str, **given: Any) -> Any:
        said = (await self._ask(method, path, **given)).json()
        if name not in said:
            raise Unwell("the partner answered without a word that we know")
        return said[name]

    async def _ask(self, method: str, path: str, **given: Any) -> Any:
        headers = {"authorization": f"Bearer {PASSWORD}"}
        return await self.line.ask(method, path, headers=headers, **given)


def of_its_own(request: DeliveryRequested, part: str) -> DeliveryRequested:
    """Return a request with an identifier, references and a CAP document of its own."""
    number = int(sha256_hex(part.encode())[:4], 16)
    first = f"50011041600000_2026060{1 + number % 9}{number % 24:02d}{number % 60:02d}30"
    notice = request.notice.model_copy(
        update={
            "identifier": f"{first}_{request.revision}",
            "references": " ".join(
                cap.reference("50011041600000", f"{first}_{n}", request.notice.sent)
                for n in range(1, request.revision)
            ),
        }
    )
    alert = cap.compose(notice, MSG_TYPES[request.action], request.mode)
    return request.model_copy(update={"notice": notice, "cap_xml": cap.write(alert).decode()})


class UpperCandidate(Candidate):
    """The platform of the sandbox: it fetches at once, and acknowledges at once."""

    channel = Channel.UPPER
    path = NAME
    arrived = TargetState.RECEIVED

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        self.secrets = (PASSWORD,)
        self.platform = upper.Platform(Path(mkdtemp()), password=PASSWORD, now=clock, faults=self.faults)

    def app(self) -> FastAPI:
        return upper.create(self.platform)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        exchange = OverHttp(self.line(http, url)) if url else None
        return Upper(exchange, Serials(db), PATIENCE)

    def request(self, revision: int = 1, action: Action = Action.START, **given: Any) -> DeliveryRequested:
        return of_its_own(super().request(revision, action, **given), given.get("part", "0"))

    def _all(self) -> list[upper.Taken]:
        self.platform.look()
        return list(self.platform.taken.values())

    def said(self) -> int:
        return sum(message.msg_type != "Cancel" for message in self._all())

    def standing(self) -> int:
        self._all()
        return len(self.platform.standing())

    def lifted(self) -> int:
        return sum(message.msg_type == "Cancel" for message in self._all())

    def forget(self) -> None:
        self.platform.taken.clear()

    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        return {"refused": self._refusing} | {
            str(status): lambda network, status=status: self._breaking(network, status)
            for status in (400, 413)
        }

    def _refusing(self, network: Network) -> None:
        self.platform.refuses = "E99"

    def _breaking(self, network: Network, status: int) -> None:
        self.platform.refuses = ""
        network.spoil(answering(status), NAME, times=9)

    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        return {
            str(status): lambda network, status=status: network.spoil(answering(status), NAME, times=9)
            for status in (401, 403, 404)
        }


def _platform(candidate: Candidate) -> upper.Platform:
    assert isinstance(candidate, UpperCandidate)
    return candidate.platform


class TestUpper(Exam):
    @pytest.fixture
    def candidate(self, clock: HandClock, crypto: SoftwareCrypto) -> Candidate:
        return UpperCandidate(clock, crypto)

    def check_drill(self, candidate: Candidate) -> None:
        messages = list(_platform(candidate).taken.values())
        assert messages
        assert all(m.status == "Exercise" and "演练" in m.note for m in messages)

    async def test_the_file_is_the_national_profile_and_the_same_each_time(
        self, candidate: Candidate
    ) -> None:
        request = candidate.request()
        made = parcel(request)
        assert made == parcel(request)
        assert made.stem == f"{request.notice.identifier}_11B03_ORANGE_Alert"
        with zipfile.ZipFile(io.BytesIO(made.content)) as archive:
            (name,) = archive.namelist()
            root = etree.fromstring(archive.read(name))
        assert name == f"{made.stem}.xml"
        assert root.findtext("info/area/geocode") == "500110110000,500110112000"
        assert root.findtext("code/method/message") == request.notice.text.short

    @pytest.mark.parametrize("kind", sorted(BAD_ANSWERS))
    async def test_nothing_is_ever_handed_up_twice(
        self, kind: str, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        platform, request = _platform(candidate), candidate.request()
        # The platform fetches it while our answer is lost: only the working file tells that it was named.
        for path in ("/put/", NAME, "/file/"):
            network.spoil(after_acting(BAD_ANSWERS[kind]), path, times=2)
        await house.take(request)
        await self._arrives(candidate, house, request)
        assert (len(platform.taken), platform.duplicates, platform.refused) == (1, 0, [])

    async def test_a_lift_names_the_first_message_and_stands_after_it(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        for revision, action in ((1, Action.START), (2, Action.REPLACE), (3, Action.STOP)):
            await house.take(candidate.request(revision, action))
            await house.work(5)
        first, update, lift = _platform(candidate).taken.values()
        assert [m.msg_type for m in (first, update, lift)] == ["Alert", "Update", "Cancel"]
        assert (first.references, update.references, lift.references) == (
            "",
            first.identifier,
            first.identifier,
        )
        assert candidate.standing() == 0

    async def test_what_is_halted_before_it_is_fetched_is_taken_back(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        platform = _platform(candidate)
        platform.takes_after_s = 300
        request = candidate.request()
        await house.take(request)
        await house.once()
        assert [path.suffix for path in (platform.root / "in").iterdir()] == [".zip"]
        await house.end(1, Withdrawal.HALTED)
        await house.work(10)
        assert list((platform.root / "in").iterdir()) == []
        await house.work(600)
        assert platform.taken == {}

    async def test_two_halts_in_one_second_have_identifiers_of_their_own_and_are_no_all_clear(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        requests = [candidate.request(part=part) for part in ("a", "b")]
        await house.take(*requests)
        await house.work(3)
        await house.end(1, Withdrawal.HALTED)
        await house.work(10)
        voids = [m for m in _platform(candidate).taken.values() if m.msg_type == "Cancel"]
        assert len({m.identifier for m in voids}) == 2
        assert {m.references for m in voids} == {r.notice.identifier for r in requests}
        assert all("不表示险情解除" in m.headline for m in voids)
        assert [(await house.get(r)).stage for r in requests] == [Stage.DONE, Stage.DONE]

    @pytest.mark.parametrize("reason", [Withdrawal.UPDATED, Withdrawal.CANCELLED, Withdrawal.SUPERSEDED])
    async def test_what_is_replaced_is_never_cancelled_by_itself(
        self, reason: Withdrawal, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request()
        await house.take(request)
        await house.work(5)
        await house.end(1, reason)
        await house.work(120)
        assert candidate.lifted() == 0
        assert (await house.get(request)).stage is Stage.DONE

    async def test_a_void_that_is_refused_is_told_to_people(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request()
        await house.take(request)
        await house.work(5)
        _platform(candidate).refuses = "E99"
        await house.end(1, Withdrawal.HALTED)
        await house.work(60)
        assert (await house.get(request)).stage is Stage.STOP
        house.clock.at = request.notice.expires
        await house.work(900)
        assert [fact.kind for fact in await house.facts()] == ["delivery.not-stopped"]

    @pytest.mark.parametrize(("fetches", "word"), [(0.0, "fetched, and"), (10**6, "not even fetched")])
    async def test_an_acknowledgement_that_does_not_come_is_told_and_still_looked_for(
        self, fetches: float, word: str, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        platform, request = _platform(candidate), candidate.request()
        platform.takes_after_s, platform.acks_after_s = fetches, 10**6
        await house.take(request)
        await house.work(PATIENCE.total_seconds() - 30)
        assert await house.tally(request) == only(sent=2)
        await house.work(90)
        assert await house.tally(request) == only(failed=2)
        *_, report = await house.reported(request)
        assert all(word in (outcome.detail or "") for outcome in report.outcomes)
        ack = upper._ack("0", "", "")
        (platform.root / "ack" / f"{parcel(request).stem}.xml").write_bytes(ack)
        await house.work(LATE_S + 1)
        assert await house.tally(request) == only(received=2)

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"<msg><data><rows><status>0",
            b"<msg><data><rows><status>0</status></rows><rows><status>1</status></rows></data></msg>",
            b"<msg><data><rows><status>0</status><status>1</status></rows></data></msg>",
            b"<msg><data><rows><status>yes</status></rows></data></msg>",
            b"<msg><data><rows/></data></msg>",
            b"<other><data><rows><status>0</status></rows></data></other>",
            b'<!DOCTYPE m [<!ENTITY e "x">]><msg><data><rows><status>0</status></rows></data></msg>',
            b"<msg>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</msg>",
            b"<msg><data><rows><status>0</status><note>" + b"x" * 70_000 + b"</note></rows></data></msg>",
            bytes(range(256)),
        ],
        ids=range(11),
    )
    async def test_a_hostile_acknowledgement_is_none_and_a_good_one_after_it_counts(
        self, content: bytes, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        platform, request = _platform(candidate), candidate.request()
        platform.acks_after_s = 120
        path = platform.root / "ack" / f"{parcel(request).stem}.xml"
        path.write_bytes(content)
        await house.take(request)
        await house.work(30)
        assert await house.tally(request) == only(sent=2)
        await house.work(120)
        assert await house.tally(request) == only(received=2)

    async def test_a_refusal_is_told_in_short_printable_words(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        platform, request = _platform(candidate), candidate.request()
        platform.acks_after_s = 10**6
        note = "区域不符 " + "长" * 500
        path = platform.root / "ack" / f"{parcel(request).stem}.xml"
        path.write_bytes(upper._ack("7", "E07", note))
        await house.take(request)
        await house.work(5)
        assert await house.tally(request) == only(failed=2)
        *_, report = await house.reported(request)
        (detail,) = {outcome.detail for outcome in report.outcomes}
        assert (detail or "").startswith("refused above with status 7: E07: 区域不符 长")
        assert len(detail or "") < 200

    async def test_a_file_that_waits_for_its_name_is_never_named_after_a_halt(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        network.spoil(BAD_ANSWERS["silence"], NAME)
        await house.take(request)
        hangs = asyncio.ensure_future(house.workers.step(request.mode, request.lane))
        while not any(path.startswith(NAME) for _, path in network.calls):
            await asyncio.sleep(0.01)
        await house.end(1, Withdrawal.HALTED)
        await house.once()
        await hangs
        await house.work(60)
        assert candidate.said() == candidate.lifted() == 0
        assert list((_platform(candidate).root / "in").iterdir()) == []


async def test_a_request_without_a_document_is_refused(clock: HandClock, crypto: SoftwareCrypto) -> None:
    request = UpperCandidate(clock, crypto).request(mode=Mode.LIVE, notice=a_notice())
    with pytest.raises(Exception, match="no CAP document"):
        parcel(request.model_copy(update={"cap_xml": None}))
