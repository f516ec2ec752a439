"""The adapter to the platform above us: put the zip there, write that down, name it, read the answer.

A file counts as sent from the moment at which it gets its name, and it gets it once: whoever finds the
working file gone after he meant to name it knows that he has.
"""

from datetime import UTC, datetime, timedelta

from contracts.outcome import TargetState
from contracts.values import Action, Channel, Withdrawal
from services.channels.push.adapter import (
    NOTHING_TO_LIFT,
    Air,
    Answer,
    Answers,
    Earlier,
    Job,
    Numbers,
    Unconfigured,
    Unset,
    every,
    look_again_s,
    since_taken,
)
from services.channels.push.upper import ack
from services.channels.push.upper.ack import Ack
from services.channels.push.upper.exchange import Exchange
from services.channels.push.upper.parcel import Parcel, parcel, void
from services.channels.render import render
from services.kit.errors import Retry

OURS, THEIRS = "in", "ack"
"""The folder that we fill, and the one that acknowledgements come to."""

LATE_S = 60.0
"""How often an acknowledgement is looked for that is overdue."""


class Upper:
    """Hands files up; each of them once, though answers are lost."""

    channel = Channel.UPPER

    def __init__(self, exchange: Exchange | None, numbers: Numbers, patience: timedelta) -> None:
        self._exchange = exchange
        self.numbers = numbers
        self.patience = patience

    @property
    def exchange(self) -> Exchange:
        """The folder, where one has been agreed upon."""
        if self._exchange is None:
            raise Unconfigured("the platform above us is not configured", after=10)
        return self._exchange

    async def send(self, job: Job) -> Answers:
        """Hand a warning up; an update and a lift name the file that they end."""
        said = parcel(job.request)
        earlier = job.earlier if job.request.action is not Action.START else ()
        standing = [one for one in earlier if await self._stands(one)]
        ended = tuple(one.delivery_id for one in earlier)
        if job.request.action is Action.STOP and not standing:
            yield every(job, TargetState.WITHDRAWN, NOTHING_TO_LIFT, ended=ended)
            return
        tried = "naming" in job.memo
        if not tried:
            await self._put(said)
            yield Answer(reference=said.stem, air=Air.MAYBE, memo={"naming": said.stem})
        await self._name(said.stem, tried=tried)
        memo = {"taken": job.at.isoformat()}
        yield every(job, TargetState.SENT, air=Air.ON, memo=memo, ended=ended, ask_again_s=0.0)

    async def follow(self, job: Job) -> Answers:
        """Read the acknowledgement; one that is overdue is told to people, and still looked for."""
        stem, waited = job.memo["naming"], since_taken(job)
        known, there = await self._ack(stem)
        if known is not None:
            state = TargetState.RECEIVED if known.taken else TargetState.FAILED
            yield every(job, state, known.why, air=None if known.taken else Air.OFF)
            return
        if waited < self.patience:
            yield Answer(ask_again_s=look_again_s(waited))
            return
        why = "what came back cannot be read" if there else await self._silence(stem)
        yield every(job, TargetState.FAILED, why, ask_again_s=LATE_S)

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:
        """Take a file back that nobody has fetched; above, say of one that was halted that it is void.

        What is updated or lifted is ended by the file of the newer revision; a cancel now would be an
        all-clear that nobody has given.
        """
        stem = job.memo["naming"]
        gone = reason is Withdrawal.EXPIRED or ("void" not in job.memo and await self._taken_back(stem))
        if gone or reason is not Withdrawal.HALTED:
            yield Answer(air=Air.OFF)
            return
        serial = int(job.memo.get("serial") or await self.numbers.next("void", int(job.at.timestamp())))
        entered = datetime.fromtimestamp(serial, UTC)
        said = void(job.request, render(self.channel, "halt", job.request), entered)
        tried = job.memo.get("void") == said.stem
        if not tried:
            await self._put(said)
            yield Answer(memo={"serial": str(serial), "void": said.stem})
        if "voided" not in job.memo:
            await self._name(said.stem, tried=tried)
            yield Answer(memo={"voided": job.at.isoformat()})
        yield await self._void(said.stem)

    async def _void(self, stem: str) -> Answer:
        known, _ = await self._ack(stem)
        if known is None:
            return Answer(ask_again_s=look_again_s(timedelta(0)))
        if not known.taken:
            raise Retry(f"the word that it is void was {known.why}", after=30)
        return Answer(air=Air.OFF)

    async def probe(self) -> str:
        """See that both folders are there; nothing is written."""
        for folder in (OURS, THEIRS):
            if not await self.exchange.has(folder):
                raise Unset(f"the folder {folder} is not there")
        return "both folders are there"

    async def _put(self, said: Parcel) -> None:
        await self.exchange.put(_part(said.stem), said.content)

    async def _name(self, stem: str, *, tried: bool) -> None:
        """Give a file its name; one whose working file is gone after an earlier try has it."""
        if await self.exchange.rename(_part(stem), _zip(stem)):
            return
        if await self.exchange.has(_part(stem)):
            raise Unset("a file lies in the folder and may not be given its name", after=30)
        if not tried:
            raise Retry("the file that was just put there is gone")

    async def _stands(self, one: Earlier) -> bool:
        """Tell whether an earlier file is, or was, before the platform; one without its name never is."""
        if one.sure or "naming" not in one.memo:
            return one.sure
        return not await self.exchange.remove(_part(one.memo["naming"]))

    async def _taken_back(self, stem: str) -> bool:
        return await self.exchange.remove(_part(stem)) or await self.exchange.remove(_zip(stem))

    async def _ack(self, stem: str) -> tuple[Ack | None, bool]:
        """Return what was acknowledged, and whether anything came back at all."""
        content = await self.exchange.read(f"{THEIRS}/{stem}.xml", ack.MOST_BYTES)
        return (None, False) if content is None else (ack.read(content), True)

    async def _silence(self, stem: str) -> str:
        fetched = not await self.exchange.has(_zip(stem))
        return f"{'fetched' if fetched else 'not even fetched'}, and no acknowledgement came: call them"


def _part(stem: str) -> str:
    return f"{OURS}/{stem}.zip.part"


def _zip(stem: str) -> str:
    return f"{OURS}/{stem}.zip"
