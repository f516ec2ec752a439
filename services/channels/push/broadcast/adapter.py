"""The adapter to a broadcast platform: a packet is posted, then asked after until it was played."""

from collections.abc import Callable, Mapping

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Mode, Withdrawal
from services.channels.push.adapter import (
    NOTHING_TO_LIFT,
    Air,
    Answer,
    Answers,
    Earlier,
    Job,
    NotThere,
    Unconfigured,
    every,
    look_again_s,
    since_taken,
    taken,
)
from services.channels.push.broadcast import packet
from services.channels.push.broadcast.answers import StateReport
from services.channels.push.broadcast.desk import Desk, accept
from services.channels.push.broadcast.draft import Draft, Drafts
from services.channels.push.broadcast.site import PlayState, Site
from services.channels.push.calling import quoted
from services.kit.errors import Retry

Word = Callable[[DeliveryRequested], DeliveryRequested]
"""Puts the words that are to be read into a request."""


class Broadcast:
    """Speaks EBD to the district's broadcast platform; drills may have a platform of their own."""

    channel = Channel.BROADCAST

    def __init__(self, desks: Mapping[Mode, Desk | None], drafts: Drafts, word: Word) -> None:
        self.desks = desks
        self.drafts = drafts
        self.word = word

    async def send(self, job: Job) -> Answers:
        """Post the message; a replacement or a cancel names the message that it ends."""
        desk = self._desk(job.request.mode)
        action = job.request.action
        ended = None if action is Action.START else await self._ended_by(desk, job)
        if action is Action.STOP and ended is None:
            yield every(job, TargetState.WITHDRAWN, NOTHING_TO_LIFT)
            return
        related = ended.reference if ended else None
        draft = await self.drafts.kept(job.memo, "message", desk.site, related)
        main = self._main(desk.site, job.request, draft)
        yield Answer(reference=draft.message_id, air=Air.MAYBE, memo=draft.memo("message"))
        receipt = await desk.post(draft.packet_id, main, self.drafts)
        if receipt.code.final_refusal and action is Action.REPLACE and draft.related:
            # A platform that no longer knows the predecessor must not keep people from the update.
            draft = await self.drafts.make(desk.site, None)
            yield Answer(reference=draft.message_id, memo=draft.memo("message"))
            receipt = await desk.post(draft.packet_id, self._main(desk.site, job.request, draft), self.drafts)
        accept(receipt)
        yield taken(job, ended, draft.related)

    async def follow(self, job: Job) -> Answers:
        """Ask how far the message has come."""
        assert job.reference is not None
        report = await self._desk(job.request.mode).state(job.reference, self.drafts)
        if report is None:
            raise Retry("the platform does not know a message that it took", after=30)
        yield _answer(job, report)

    async def stop(self, job: Job, reason: Withdrawal) -> Answers:  # noqa: ARG002 (there is one way to cancel)
        """Cancel what is still waiting or playing, and see that it ends."""
        assert job.reference is not None
        desk = self._desk(job.request.mode)
        report = await desk.state(job.reference, self.drafts)
        if report is None and job.air is Air.MAYBE:
            raise NotThere("the platform does not know the message yet")
        if report is None or report.state.final:
            yield Answer(air=Air.OFF)
            return
        draft = await self.drafts.kept(job.memo, "stop", desk.site, job.reference)
        cancel = job.request.model_copy(update={"action": Action.STOP})
        main = self._main(desk.site, cancel, draft)
        yield Answer(memo=draft.memo("stop"))
        accept(await desk.post(draft.packet_id, main, self.drafts))
        yield Answer(air=Air.ON, ask_again_s=look_again_s(job.at - draft.at))

    async def probe(self) -> str:
        """Send a heartbeat to every platform; nobody hears it."""
        self._desk(Mode.LIVE)
        different = {desk.line.base_url: desk for desk in self.desks.values() if desk is not None}
        for desk in different.values():
            await desk.check_connection(self.drafts)
        return "the heartbeat was answered"

    def _desk(self, mode: Mode) -> Desk:
        desk = self.desks[mode]
        if desk is None:
            raise Unconfigured(f"the broadcast platform for {mode} messages is not configured", after=10)
        return desk

    async def _ended_by(self, desk: Desk, job: Job) -> Earlier | None:
        """Return the message that this one ends; raise NotThere while the platform may yet learn of it."""
        known = next((one for one in job.earlier if one.sure), None)
        if known is not None or job.request.action is Action.REPLACE:
            return known
        for one in job.earlier:
            if await desk.state(one.reference, self.drafts) is not None:
                return one
        if job.earlier:
            raise NotThere("the platform does not know yet what is to be lifted")
        return None

    def _main(self, site: Site, request: DeliveryRequested, draft: Draft) -> bytes:
        if draft.related is None:
            # The replacement of nothing is a first message.
            request = request.model_copy(update={"action": Action.START})
        return packet.message(
            site,
            self.word(request),
            packet_id=draft.packet_id,
            message_id=draft.message_id,
            related=draft.related,
            at=draft.at,
        )


def _answer(job: Job, report: StateReport) -> Answer:
    """Return what a state means for the areas of a job; the platform names those that were covered."""
    covered = [n for n, area in enumerate(job.targets) if area in report.areas]
    again = look_again_s(since_taken(job))
    match report.state:
        case PlayState.NOT_PROCESSED | PlayState.WAITING:
            return Answer(ask_again_s=again)
        case PlayState.PLAYING:
            return Answer(dict.fromkeys(covered, TargetState.RECEIVED), ask_again_s=again)
        case PlayState.PLAYED:
            return every(job, TargetState.PLAYED, air=Air.OFF)
        case PlayState.FAILED:
            return _failed(job, covered, f"not played: {quoted(report.description)}")
        case _:
            return every(job, TargetState.WITHDRAWN, "cancelled at the platform", air=Air.OFF)


def _failed(job: Job, covered: list[int], why: str) -> Answer:
    deaf = [n for n in range(len(job.targets)) if n not in covered]
    states = dict.fromkeys(deaf, TargetState.FAILED) | dict.fromkeys(covered, TargetState.PLAYED)
    return Answer(states, dict.fromkeys(deaf, why), air=Air.OFF)
