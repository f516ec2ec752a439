"""What only the 12379 platform is asked: files that are fetched, acknowledged, lost, refused, taken back."""

import asyncio
import io
import zipfile

import pytest
from lxml import etree

from contracts.values import Action, Mode, Withdrawal
from sandbox import upper
from services.channels.push.model import Stage
from services.channels.push.upper.adapter import LATE_S
from services.channels.push.upper.parcel import parcel
from services.kit.crypto import SoftwareCrypto
from tests.channels.exam import BAD_ANSWERS, Candidate, Network, after_acting
from tests.channels.exam.sitting import Sitting
from tests.channels.push.push_make import PushHouse, a_notice, only
from tests.channels.push.test_exam_upper import NAME, PATIENCE, UpperCandidate
from tests.clock import HandClock


def _platform(candidate: Candidate) -> upper.Platform:
    assert isinstance(candidate, UpperCandidate)
    return candidate.platform


class TestUpper(Sitting):
    """What only the 12379 platform is asked."""

    @pytest.fixture
    def candidate(self, clock: HandClock, crypto: SoftwareCrypto) -> Candidate:
        return UpperCandidate(clock, crypto)

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
