"""The reference puller by itself: what it sends after a halt or an outage, which receipts it passes on."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from services.puller import smpp
from services.puller.contract import Contract
from services.puller.journal import Journal
from services.puller.puller import Puller
from services.puller.smpp import Centre, Lost, Smsc, Stopped
from tests.servers import free_port

AT = "2026-06-01T22:06:30+08:00"
ITEM = {"delivery_id": "d", "text": "t", "validity_s": 3600, "warning": {"id": "w", "revision": 1}}


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    kept = Journal(tmp_path / "state.db")
    yield kept
    kept.close()


async def test_numbers_that_wait_for_their_turn_are_not_sent_to_after_a_halt(journal: Journal) -> None:
    class OneTaken:
        udh, sent = False, 0

        async def submit(self, *_: object) -> list[str]:
            self.sent += 1
            puller.halted["w"] = 1
            return [f"m{self.sent}"]

    centre = OneTaken()
    puller = Puller(cast("Contract", None), cast("Smsc", centre), journal, pace=200)
    item = {**ITEM, "pace": {"numbers_per_s": None}, "recipients": [[f"1390023{n:04}"] for n in range(40)]}
    states = await puller._send_all(item)
    assert (centre.sent, len(states)) == (1, 1)


async def test_after_an_outage_nothing_goes_out_twice_nor_after_a_halt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    centre = Smsc(Centre("127.0.0.1", free_port(), "y", "s"), lambda *_: None)
    monkeypatch.setattr(smpp, "ANSWER_S", 0.05)
    halted = asyncio.Event()

    def submit() -> asyncio.Task[list[str]]:
        return asyncio.ensure_future(centre.submit("1", "13900230001", "t", 3600, halted.is_set))

    for _ in range(3):
        with pytest.raises(Lost):
            await submit()
    monkeypatch.setattr(smpp, "ANSWER_S", 30)
    last = submit()
    await asyncio.sleep(0)
    wanted = await asyncio.wait_for(centre._esme.broker.dequeue(), 5)
    assert wanted is centre._pending["1"].message
    await asyncio.gather(_cancelled(last), return_exceptions=True)
    stopped = submit()
    await asyncio.sleep(0)
    halted.set()
    sender = asyncio.ensure_future(centre._esme.broker.dequeue())
    with pytest.raises(Stopped):
        await asyncio.wait_for(stopped, 5)
    assert not sender.done()
    await asyncio.gather(_cancelled(sender), return_exceptions=True)


def _cancelled(task: "asyncio.Task[Any]") -> "asyncio.Task[Any]":
    task.cancel()
    return task


def test_what_is_on_its_way_has_not_arrived_yet(journal: Journal) -> None:
    sent, _ = journal.begin(ITEM, "13900230001", 1)
    journal.accepted(sent, ["m1"], "13900230001", AT)
    for state in ("ENROUTE", "UNKNOWN", "SCHEDULED"):
        journal.receipt("m1", state, AT)
    assert journal.owed(10) == []
    journal.receipt("m1", "DELIVRD", AT)
    assert [owed["state"] for owed in journal.owed(10)] == ["DELIVRD"]


async def test_a_receipt_that_is_refused_takes_no_other_with_it(journal: Journal) -> None:
    taken: list[str] = []

    class Picky:
        async def receipts(self, said: Sequence[dict[str, str]]) -> bool:
            good = all(one["number"] != "odd" for one in said)
            taken.extend(one["number"] for one in said if good)
            return good

    puller = Puller(cast("Contract", Picky()), cast("Smsc", None), journal)
    await puller._pass_on([{"number": number} for number in ("1", "odd", "2")])
    assert taken == ["1", "2"]
